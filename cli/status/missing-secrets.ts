import {
  ALL_HOSTS,
  isSelected,
  parseSelection,
  type SelectableHost,
} from '../../world/agents/host-selection.js';
import type { ClientWorld } from '../../world/client-world.js';
import type { Deployment } from '../../world/deploys/deploy-payload.js';
import { findUnusableSecrets } from '../../world/secrets/find-unusable-secrets.js';
import { listRecipients } from '../../world/secrets/recipients.js';
import type { NamedSecret } from '../../world/secrets/stored-secrets.js';
import { type ReadCall, readDeployment } from '../deploy/read-deploys.js';

/** A host that lacks secrets of an app. */
export interface MissingSecrets {
  readonly host: string;
  readonly app: string;
  readonly message: string;
}

/** The hosts that could not start an app anew for the want of secrets, such as those that came after it was deployed. */
export async function missingSecrets(
  world: ClientWorld,
  secrets: readonly NamedSecret[],
  hosts: readonly SelectableHost[],
  call: ReadCall,
): Promise<MissingSecrets[]> {
  if (secrets.length === 0) return [];
  const [apps, recipients] = await Promise.all([
    world.getApps(call),
    listRecipients(world.client, undefined, call),
  ]);
  const named = [...new Set(secrets.map(({ app }) => app))].flatMap((app) => {
    const id = apps.get(app);
    return id === undefined ? [] : [{ app, id }];
  });
  const deployments = await Promise.all(
    named.map(async ({ app, id }) => [app, (await readDeployment(world, id, call)).deployment] as const),
  );
  return findMissingSecrets(secrets, { deployments: new Map(deployments), hosts, recipients });
}

/** Of which {@link findMissingSecrets} is told. */
interface SecretUsers {
  /** The newest of each app. */
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly hosts: readonly SelectableHost[];
  /** What each host decrypts now. */
  readonly recipients: ReadonlyMap<string, string>;
}

export function findMissingSecrets(
  secrets: readonly NamedSecret[],
  { deployments, hosts, recipients }: SecretUsers,
): MissingSecrets[] {
  const apps = new Set(secrets.map(({ app }) => app));
  return [...apps].flatMap((app) => {
    const deployment = deployments.get(app);
    if (deployment === undefined || deployment.action === 'remove') return [];
    const { manifest } = deployment;
    const its = secrets.filter((one) => one.app === app);
    const stored = new Map(its.map(({ name, secret }) => [name, secret]));
    const wanted = hosts.filter((host) => isMeant(manifest.hosts, host)).map(({ name }) => name);
    const unusable = findUnusableSecrets(manifest.secrets ?? {}, wanted, stored, recipients);
    return unusable.flatMap((one) => (one.reason === 'no-key' ? describe(app, one.name, one.hosts) : []));
  });
}

function describe(app: string, name: string, without: readonly string[]): MissingSecrets[] {
  return without.map((host) => {
    const message = `${host} cannot read the secret ${name} of ${app}, which was set for other hosts, or before this one had its key: run "hawser secret set ${name} --app ${app}" again, then "hawser restart ${app}".`;
    return { host, app, message };
  });
}

function isMeant(selection: string | undefined, host: SelectableHost): boolean {
  if (selection === undefined || selection === ALL_HOSTS) return true;
  const parsed = parseSelection(selection);
  return parsed !== undefined && isSelected(parsed, host);
}
