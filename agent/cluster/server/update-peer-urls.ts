import type { Client, Log } from '../../../world/index-without-ssh.js';

/**
 * Updates a member's peer URLs in the cluster. A host may come back at other addresses, where the other servers look
 * for it only once etcd knows them, so this runs before the member is counted on as a voter.
 *
 * @throws WorldError `conflict` if another member has one of the addresses; `unavailable` and the like.
 */
export async function updatePeerUrls(
  { client, hostname, log }: { readonly client: Client; readonly hostname: string; readonly log: Log },
  memberId: string,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const known = (await client.cluster.members({ signal })).find(({ id }) => id === memberId)?.peerUrls;
  if (known === undefined || isSameSet(known, urls)) return;
  log('info', `${hostname} moved from ${known.join(', ')} to ${urls.join(', ')}: updating the cluster`);
  await client.cluster.memberUpdate(memberId, urls, { signal });
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}
