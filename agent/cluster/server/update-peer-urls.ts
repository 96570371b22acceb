import type { Client, Log } from '../../../world/without-ssh.js';

/**
 * Tells the cluster where a member listens for the others now. A host may have come back at other addresses, where
 * they look for it only when etcd knows them; done before anybody counts on its vote.
 *
 * @throws WorldError `conflict` where another member has one of the addresses; `unavailable` and the like.
 */
export async function updatePeerUrls(
  { client, hostname, log }: { readonly client: Client; readonly hostname: string; readonly log: Log },
  memberId: string,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const known = (await client.members({ signal })).find(({ id }) => id === memberId)?.peerUrls;
  if (known === undefined || isSameSet(known, urls)) return;
  log('info', `${hostname} moved from ${known.join(', ')} to ${urls.join(', ')}: updating the cluster`);
  await client.memberUpdate(memberId, urls, { signal });
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}
