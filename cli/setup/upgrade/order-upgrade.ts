import type { Member } from '../../../world/client/member-types.js';

/**
 * The hosts in the order in which they are upgraded: those that run no etcd, then learners, then voters, the leader last, so
 * that most of what could go wrong shows where it costs least and the leadership moves once.
 *
 * @param leader the id of the member that leads; undefined where that is not known
 */
export function orderUpgrade(
  hosts: readonly string[],
  members: readonly Member[],
  leader: string | undefined,
): string[] {
  const rank = (host: string): number => {
    const member = members.find(({ name }) => name === host);
    if (member === undefined) return 0;
    if (member.isLearner) return 1;
    return member.id === leader ? 3 : 2;
  };
  return hosts.toSorted((a, b) => rank(a) - rank(b));
}
