import type { ClientWorld } from '../../world/client-world.js';
import type { Manifest } from '../../world/deploys/manifest.js';
import { findUnusableSecrets, type UnusableSecret } from '../../world/secrets/find-unusable-secrets.js';
import { listRecipients } from '../../world/secrets/recipients.js';
import { listSecrets } from '../../world/secrets/stored-secrets.js';
import { CliError } from '../errors.js';

/**
 * Makes sure that every host could start an app, as far as secrets go.
 *
 * @throws CliError `no-secret`, with the command that mends it
 */
export async function requireSecrets(
  world: ClientWorld,
  { name: app, secrets = {} }: Pick<Manifest, 'name' | 'secrets'>,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (Object.values(secrets).every(({ from }) => from !== undefined)) return;
  const [found, recipients] = await Promise.all([
    listSecrets(world.client, app, undefined, { signal }),
    listRecipients(world.client, undefined, { signal }),
  ]);
  const stored = new Map(found.map(({ name, secret }) => [name, secret]));
  const unusable = findUnusableSecrets(secrets, hosts, stored, recipients);
  if (unusable.length === 0) return;
  throw new CliError('no-secret', unusable.map((one) => describeUnusable(app, one)).join(' '));
}

/** One sentence with what to do. */
function describeUnusable(app: string, unusable: UnusableSecret): string {
  const { name, reason } = unusable;
  const command = `hawser secret set ${name} --app ${app}`;
  if (reason === 'not-set') return `The secret ${name} of ${app} is not set: run "${command}".`;
  if (reason === 'not-text')
    return `The secret ${name} of ${app} has bytes that no variable can hold: write "${name}: file" below secrets, or set another value with "${command}".`;
  return `${unusable.hosts.join(', ')} cannot read the secret ${name} of ${app}, because it was set for other hosts, or before a host had its key: run "${command}" again.`;
}
