import type { CallOptions, Client, Log, Member } from '../../../world/internal.js';

/**
 * Updates a member's peer URLs in the cluster. A host may come back at other addresses, where the other servers look
 * for it only once etcd knows them, so this runs before the member is counted on as a voter, and while it has no leader.
 *
 * @throws WorldError `conflict` if another member has one of the addresses; `unavailable` and the like.
 */
export async function updatePeerUrls(
  { client, hostname, log }: { readonly client: Client; readonly hostname: string; readonly log: Log },
  isOwn: (member: Member) => boolean,
  urls: readonly string[],
  options: CallOptions,
): Promise<void> {
  const own = (await client.cluster.members(options)).find(isOwn);
  if (own === undefined || isSameSet(own.peerUrls, urls)) return;
  log(
    'info',
    `${hostname} moved from ${own.peerUrls.join(', ')} to ${urls.join(', ')}: updating the cluster`,
  );
  await client.cluster.memberUpdate(own.id, urls, options);
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}
