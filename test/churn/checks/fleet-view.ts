import type { ClientWorld, Member } from '../../../world/index.js';

/** The observable state of a fleet. */
export interface FleetView {
  readonly size: number;
  readonly members: readonly Member[];
  /** Hosts that publish an endpoint. */
  readonly endpoints: readonly string[];
  /** Hosts whose agent has registered. */
  readonly agents: readonly string[];
  /** Members that answer and know a leader. */
  readonly answering: readonly string[];
}

/** The expected number of voters: the largest odd number up to the ideal size and the number of hosts. */
export function expectedVoters(size: number, hosts: number): number {
  const most = Math.min(size, hosts);
  return most % 2 === 0 ? most - 1 : most;
}

/** Why a fleet of so many hosts without faults has not converged; undefined if it has. */
export function unconverged(view: FleetView, hosts: number): string | undefined {
  const voters = view.members.filter(({ isLearner }) => !isLearner).map(({ name }) => name);
  const wanted = expectedVoters(view.size, hosts);
  if (view.members.length > voters.length) return `there is a learner: ${describe(view.members)}`;
  if (voters.length !== wanted)
    return `${voters.length} vote instead of ${wanted}: ${describe(view.members)}`;
  if (view.agents.length !== hosts) return `only ${view.agents.join(', ')} are registered`;
  const silent = voters.filter((name) => !view.answering.includes(name));
  if (silent.length > 0) return `${silent.join(', ')} should vote but do not answer`;
  if ([...voters].sort().join() !== [...view.endpoints].sort().join()) {
    return `${view.endpoints.join(', ')} have endpoints, but ${voters.join(', ')} vote`;
  }
  return undefined;
}

/** Reads the observable state of a fleet. */
export async function viewFleet(world: ClientWorld, timeoutMs: number): Promise<FleetView> {
  const [members, size, endpoints, agents] = await Promise.all([
    world.members({ timeoutMs }),
    world.idealClusterSizeGet({ timeoutMs }),
    world.advertisedEndpoints({ timeoutMs }),
    world.getAgents({ timeoutMs }),
  ]);
  const answers = await Promise.all(members.map((member) => answering(world, member, timeoutMs)));
  return {
    members,
    size,
    endpoints: [...endpoints.keys()],
    agents: [...agents.keys()],
    answering: answers.flat(),
  };
}

/** The member's name if it answers, else nothing. */
async function answering(
  world: ClientWorld,
  { name, clientUrls }: Member,
  timeoutMs: number,
): Promise<string[]> {
  const asked = world.client.cluster.status(clientUrls[0], { timeoutMs });
  const status = await asked.catch(() => undefined); // it does not answer
  return status === undefined || status.leader === '0' ? [] : [name];
}

function describe(members: readonly Member[]): string {
  const all = members.map(
    ({ name, isLearner, peerUrls }) => `${name || peerUrls.join()}${isLearner ? ' (learner)' : ''}`,
  );
  return all.join(', ');
}
