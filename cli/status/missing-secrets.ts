import {
  ALL_HOSTS,
  isSelected,
  parseSelection,
  type SelectableHost,
} from '../../world/agents/host-selection.js';
import type { ClientWorld } from '../../world/client-world.js';
import { findUnusableSecrets } from '../../world/secrets/find-unusable-secrets.js';
import { listRecipients } from '../../world/secrets/recipients.js';
import type { NamedSecret } from '../../world/secrets/stored-secrets.js';
import { type ReadCall, readDeployment } from '../deploy/read-deploys.js';

/** A host that lacks secrets of an app. */
export interface MissingSecrets {
  readonly host: string;
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
  const found = await Promise.all(
    named.map(async ({ app, id }) => {
      const { action, manifest } = (await readDeployment(world, id, call)).deployment;
      if (action === 'remove') return [];
      const its = secrets.filter((one) => one.app === app);
      const stored = new Map(its.map(({ name, secret }) => [name, secret]));
      const wanted = hosts.filter((host) => isMeant(manifest.hosts, host)).map(({ name }) => name);
      const unusable = findUnusableSecrets(manifest.secrets ?? {}, wanted, stored, recipients);
      return unusable.flatMap((one) => (one.reason === 'no-key' ? [{ ...one, app }] : []));
    }),
  );
  return found.flat().flatMap(({ app, name, hosts: without }) =>
    without.map((host) => {
      const message = `${host} cannot read the secret ${name} of ${app}, which was set for other hosts, or before this one had its key: run "hawser secret set ${name} --app ${app}" again, then "hawser restart ${app}".`;
      return { host, message };
    }),
  );
}

function isMeant(selection: string | undefined, host: SelectableHost): boolean {
  if (selection === undefined || selection === ALL_HOSTS) return true;
  const parsed = parseSelection(selection);
  return parsed !== undefined && isSelected(parsed, host);
}
