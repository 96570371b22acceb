import type { Member } from '../../world/client/member-types.js';
import type { ReachedHosts, ReachOptions } from '../agent-access/reached-hosts.js';
import { etcdUser } from '../fleet/etcd-user.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { logTo, type OutputOptions } from '../output/print.js';
import type { HostReport } from './plan-recovery.js';
import { waitForRefill } from './wait-for-refill.js';

export interface ReturningHosts {
  /** The host that the others join, and its client URLs. */
  readonly base: string;
  readonly seeds: readonly string[];
  readonly rejoin: readonly string[];
  readonly reached: ReachedHosts;
  readonly reports: readonly HostReport[];
  readonly reaching: ReachOptions;
  readonly target: FleetTarget;
  readonly flags: OutputOptions & { readonly waitTimeout: number };
  readonly onStep: (step: string) => void;
}

/** @returns the voting members of the cluster that is complete again. @throws CliError `incomplete` naming what is missing */
export async function untilHostsAreBack(returning: ReturningHosts): Promise<readonly Member[]> {
  const { base, seeds, rejoin, reached, reports, reaching, target, flags, onStep } = returning;
  const { signal } = reaching;
  const { tls, namespace, hostname, fleetId: fleet, canAskPassword = false } = target;
  const user = etcdUser(target.user, { canAsk: canAskPassword, signal });
  const { SshWorld } = await import('../../world/ssh-world.js');
  const { tunnel } = reached.host(base);
  const ways = waysIn(seeds, target);
  const options = { tunnel, seeds: ways, tls, user, namespace, hostname, fleet, log: logTo(flags) };
  await using world = await SshWorld.open(options, { lazy: true });
  const expected = [base, ...rejoin].map(
    (host) => reports.find((one) => one.host === host)?.agent?.hostname ?? host,
  );
  onStep(`waiting for ${expected.join(', ')}`);
  const { members } = await waitForRefill(world, {
    expected,
    alive: reports.flatMap(({ agent }) => (agent === undefined ? [] : [agent.hostname])),
    timeoutMs: flags.waitTimeout,
    signal,
  });
  return members.filter(({ isLearner }) => !isLearner);
}

/**
 * How this machine enters the cluster on the host that the others join: by what its server advertises, or, where that wants a
 * certificate that only hosts have, by the socket there.
 */
export function waysIn(
  advertised: readonly string[],
  { tls, seeds }: Pick<FleetTarget, 'tls' | 'seeds'>,
): readonly string[] {
  if (tls?.certFile !== undefined) return advertised;
  const open = advertised.filter((url) => !url.startsWith('https:'));
  const sockets = seeds.filter((url) => url.startsWith('unix:'));
  const ways = [...open, ...sockets];
  return ways.length === 0 ? advertised : ways;
}
