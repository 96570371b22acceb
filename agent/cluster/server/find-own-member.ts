import type { Client, Member } from '../../../world/internal.js';
import { NOMINATED_PREFIX } from '../../../world/internal.js';

/** What the cluster holds for a host. */
export interface OwnMember {
  /** The member that is this host, or will be once it starts: found by its name, or before the start by its URLs. */
  readonly member: Member | undefined;
  readonly isNominated: boolean;
}

/** @throws WorldError `unavailable` */
export async function findOwnMember(
  client: Client,
  hostname: string,
  serverUrls: readonly string[],
  signal: AbortSignal,
): Promise<OwnMember> {
  const [nomination, members] = await Promise.all([
    client.get(`${NOMINATED_PREFIX}${hostname}`, { signal }),
    client.cluster.members({ signal }),
  ]);
  const member = members.find(
    ({ name, peerUrls }) =>
      name === hostname || (name === '' && peerUrls.some((url) => serverUrls.includes(url))),
  );
  return { member, isNominated: nomination !== undefined };
}
