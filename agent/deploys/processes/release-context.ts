import { DEFAULT_SETTLE_MS, DEFAULT_STOP_GRACE_MS, type Manifest } from '../../../world/internal.js';
import { type Account, accountVariables } from '../accounts/account.js';
import type { AppFolder } from '../releases/app-folder.js';
import type { Release } from '../releases/deploy-entry.js';
import type { OpenSecrets } from '../secrets/open-secrets.js';
import type { ProcessSpec } from './process-host.js';

/** A release as its programs see it: where it is, whom they run as, and what they inherit. */
export interface ReleaseContext {
  readonly release: Release;
  /** The directory of the release: where its programs run. */
  readonly folder: string;
  readonly appFolder: AppFolder;
  readonly account: Account | undefined;
  readonly hostname: string;
  /** The agent's own environment, to which the manifest's variables are added. */
  readonly environment: NodeJS.ProcessEnv;
  readonly secrets: OpenSecrets;
  /** Where the secrets are that it reads as files. */
  readonly secretsFolder: string;
}

/** The processes of a release, as its host is to run them. */
export function specsOf(context: ReleaseContext): ProcessSpec[] {
  const { release, folder, appFolder, account } = context;
  const { name: app, manifest } = release.deployment;
  return Object.entries(manifest.processes ?? {}).map(([process, wanted]) => ({
    app,
    process,
    release: release.name,
    argv: wanted.run,
    folder,
    environment: programEnvironment(context, { ...wanted.env, HAWSER_PROCESS: process }),
    account,
    limits: manifest.limits ?? {},
    listen: wanted.listen,
    stopGraceMs: wanted.stopGraceMs ?? DEFAULT_STOP_GRACE_MS,
    settleMs: settleMsOf(manifest),
    logFile: appFolder.logFile(process),
  }));
}

/** The environment of a program of the release. What comes later counts more. */
export function programEnvironment(
  { release, account, hostname, environment, secrets, secretsFolder }: ReleaseContext,
  own: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const { id, deployment } = release;
  return {
    ...environment,
    ...accountVariables(account),
    ...deployment.manifest.env,
    ...own,
    ...secrets.variables,
    ...(secrets.files.size === 0 ? {} : { HAWSER_SECRETS: secretsFolder }),
    HAWSER_APP: deployment.name,
    HAWSER_HOSTNAME: hostname,
    HAWSER_RELEASE: String(id),
  };
}

export function settleMsOf({ settleMs = DEFAULT_SETTLE_MS }: Manifest): number {
  return settleMs;
}
