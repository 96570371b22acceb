import type { Client } from 'ssh2';

/**
 * Watches the channel that ssh2 was asked for last.
 * @returns whether it is closed by now; always false where ssh2 keeps its channels elsewhere
 */
export function watchNewestChannel(client: Client): () => boolean {
  const manager: unknown = Reflect.get(client, '_chanMgr');
  const channels: unknown =
    typeof manager === 'object' && manager ? Reflect.get(manager, '_channels') : undefined;
  if (typeof channels !== 'object' || channels === null) return () => false;
  const id = Math.max(...Object.keys(channels).map(Number));
  return () => !Object.hasOwn(channels, id);
}
