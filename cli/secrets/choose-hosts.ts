import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ClientWorld } from '../../world/client-world.js';
import { APP_NAME, type Manifest } from '../../world/deploys/manifest.js';
import { SECRET_NAME } from '../../world/secrets/secret-value.js';
import { readManifest } from '../deploy/prepare-deploy.js';
import { type ReadCall, readDeployment } from '../deploy/read-deploys.js';
import { findTargets, listFleet } from '../deploy/read-target-hosts.js';
import { CliError } from '../errors.js';
import { CONFIG_NAME } from '../fleet/find-config.js';
import { suggestion } from '../input/nearest-word.js';
import { workingFolder } from '../system/user-folders.js';

/** The app that a secret is of. */
export interface ChosenApp {
  readonly app: string;
  /** Its manifest, where the directory that we are in has it. */
  readonly manifest: Manifest | undefined;
}

/** @throws CliError `usage` for a name that no secret can have */
export function checkSecretName(name: string): void {
  if (SECRET_NAME.test(name) && !name.startsWith('HAWSER_')) return;
  const message = SECRET_NAME.test(name)
    ? `A secret cannot be called ${name}: variables that begin with HAWSER_ are set by hawser.`
    : `"${name}" is no name of a secret: it has letters, digits and _, at most 128, and does not begin with a digit.`;
  throw new CliError('usage', message);
}

/**
 * The app that is meant: the one that was named, else that of the directory.
 * @throws CliError `usage`
 */
export async function chooseApp(named: string | undefined): Promise<ChosenApp> {
  if (named !== undefined && !APP_NAME.test(named))
    throw new CliError(
      'usage',
      `"${named}" is no name of an app: it has lowercase letters, digits and dashes, at most 63.`,
    );
  const folder = workingFolder();
  const manifest = existsSync(path.join(folder, CONFIG_NAME)) ? await manifestIn(folder, named) : undefined;
  const app = named ?? manifest?.name;
  if (app !== undefined) return { app, manifest: manifest?.name === app ? manifest : undefined };
  throw new CliError(
    'usage',
    'Whose secret? Name the app with --app, or run this in the directory of its hawser.yaml.',
  );
}

/** A hawser.yaml may have no app; whoever names one does not mean that of the directory. */
async function manifestIn(folder: string, named: string | undefined): Promise<Manifest | undefined> {
  try {
    return await readManifest(folder);
  } catch (error) {
    if (named !== undefined && error instanceof CliError && error.code === 'usage') return undefined;
    throw error;
  }
}

/**
 * The hosts that are to have a secret: those that were selected, else those of the app.
 * @throws CliError `usage` for an unknown host, and for an app that was neither deployed nor is in this directory
 */
export async function chooseHosts(
  world: ClientWorld,
  { app, manifest }: ChosenApp,
  selection: string | undefined,
  call: ReadCall,
): Promise<string[]> {
  const wanted =
    selection ?? (manifest === undefined ? await hostsOfNewest(world, app, call) : manifest.hosts);
  const { live, away } = findTargets(await listFleet(world, call.signal), wanted);
  const hosts = [...live, ...away].sort();
  if (hosts.length > 0) return hosts;
  throw new CliError('usage', 'The fleet has no host yet: add one with "hawser up DESTINATION".');
}

async function hostsOfNewest(world: ClientWorld, app: string, call: ReadCall): Promise<string | undefined> {
  const apps = await world.getApps(call);
  const id = apps.get(app);
  if (id !== undefined) return (await readDeployment(world, id, call)).deployment.manifest.hosts;
  const names = [...apps.keys()].sort();
  const known = suggestion(app, names) || (names.length === 0 ? '' : `: there are ${names.join(', ')}`);
  const message = `No app called ${app} was deployed${known}. Before its first deploy, run this in its directory, or name its hosts with --hosts.`;
  throw new CliError('usage', message);
}
