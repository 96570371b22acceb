import type { Member } from '../../world/client/member-types.js';
import type { Happening } from './fleet-event.js';

/** How the members of the etcd cluster have changed. One that has not started yet has no name, and is not told of. */
export function compareMembers(before: readonly Member[], after: readonly Member[]): Happening[] {
  const [old, now] = [named(before), named(after)];
  const changed = [...now].flatMap(([id, member]) => describeMember(old.get(id), member));
  const removed = [...old].flatMap(([id, { name: host }]): Happening[] =>
    now.has(id) ? [] : [{ type: 'member-removed', host, message: `${host} serves etcd no more.` }],
  );
  return [...changed, ...removed];
}

function describeMember(before: Member | undefined, { name: host, isLearner }: Member): Happening[] {
  if (before === undefined) {
    const role = isLearner ? 'learner' : 'voter';
    return [{ type: 'member-added', host, role, message: `${host} serves etcd, as a ${role}.` }];
  }
  if (!before.isLearner || isLearner) return [];
  return [{ type: 'member-promoted', host, message: `${host} votes in the etcd cluster.` }];
}

/** By id: a host that serves anew has another one. */
function named(members: readonly Member[]): Map<string, Member> {
  return new Map(members.filter(({ name }) => name !== '').map((member) => [member.id, member]));
}
