import type { ClientWorld } from '../../world/client-world.js';
import { listRecipients } from '../../world/secrets/recipients.js';
import { listSecrets, removeSecret } from '../../world/secrets/stored-secrets.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import { CliError } from '../errors.js';
import { suggestion } from '../input/nearest-word.js';
import type { Lines } from '../output/escaped-lines.js';
import { formatTable, lines } from '../output/print.js';

/** A secret as `secret list` shows it. */
export interface SecretSummary {
  readonly app: string;
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  /** The hosts that can read it. */
  readonly hosts: readonly string[];
  /** Those that it was set for and that have another key by now, or left. */
  readonly lost: readonly string[];
  /** Whether it can be an environment variable. */
  readonly isText: boolean;
}

/** The secrets of an app, or of all. */
export async function summariseSecrets(
  world: ClientWorld,
  app: string | undefined,
  { signal }: ReadCall,
): Promise<SecretSummary[]> {
  const [all, recipients] = await Promise.all([
    listSecrets(world.client, app, undefined, { signal }),
    listRecipients(world.client, undefined, { signal }),
  ]);
  return all.map(({ app: of, name, secret }) => {
    const { at, by, isText } = secret;
    const hosts = Object.keys(secret.hosts).sort();
    const canRead = (host: string) => recipients.get(host) === secret.hosts[host];
    const lost = hosts.filter((host) => !canRead(host));
    return { app: of, name, at, by, hosts: hosts.filter(canRead), lost, isText };
  });
}

export function formatSecrets(secrets: readonly SecretSummary[]): Lines {
  if (secrets.length === 0) return lines(['no secrets yet']);
  const rows = secrets.map(({ app, name, at, by, hosts, lost }) => {
    const gone = lost.length === 0 ? '' : ` (no longer: ${lost.join(', ')})`;
    return [app, name, at.replace('T', ' ').slice(0, 19), by, `${hosts.join(', ') || '-'}${gone}`];
  });
  return formatTable(['APP', 'NAME', 'SET', 'BY', 'HOSTS'], rows);
}

/** @throws CliError `usage` for one that is not set */
export async function deleteSecret(
  world: ClientWorld,
  place: { readonly app: string; readonly name: string },
  { signal }: ReadCall,
): Promise<void> {
  if (await removeSecret(world.client, place, { signal })) return;
  const names = (await listSecrets(world.client, place.app, undefined, { signal })).map(({ name }) => name);
  const known =
    suggestion(place.name, names) || (names.length === 0 ? '' : `: there are ${names.join(', ')}`);
  throw new CliError('usage', `${place.app} has no secret ${place.name}${known}.`);
}
