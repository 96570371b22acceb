import type { Log } from '../../base/log.js';
import type { ClientWorld } from '../../world/client-world.js';
import type { CommandContext } from '../command-context.js';
import { findForward } from '../forwards/find-forward.js';
import { listed } from '../output/format-quantities.js';
import { logTo } from '../output/print.js';
import { canAsk } from '../prompts/confirm.js';
import { warnOfOtherVersions } from '../versions/warn-of-other-versions.js';
import type { ConnectionFlags } from './connection-flags.js';
import { etcdUser } from './etcd-user.js';
import type { FleetTarget } from './merge-target.js';
import type { ResolveOptions } from './resolve-target.js';
import { isUndecided, requireFleet, resolveTarget } from './resolve-target.js';
import { tunnelOptions } from './tunnel-options.js';

/**
 * Opens the World of a fleet: if it has SSH destinations, by a forward in the background that leads there or through SSH, else
 * directly.
 */
export async function openWorld(target: FleetTarget, log: Log, signal: AbortSignal): Promise<ClientWorld> {
  const { seeds, tls, namespace, hostname, fleetId: fleet } = target;
  const user = etcdUser(target.user, { canAsk: target.canAskPassword === true, signal });
  const shared = { tls, user, namespace, hostname, fleet, log };
  if (target.sshUrls.length > 0) {
    const forward = await findForward(target, { log, signal });
    if (forward !== undefined) {
      const { ForwardedWorld } = await import('../../world/forwarded-world.js');
      return ForwardedWorld.create({ ...shared, forwards: forward.ways, via: forward.via });
    }
    const [{ SshWorld }, tunnel] = await Promise.all([
      import('../../world/ssh-world.js'),
      tunnelOptions(target, log, signal),
    ]);
    return SshWorld.open({ ...shared, seeds, ssh: tunnel }, { signal, lazy: true });
  }
  const { EtcdWorld } = await import('../../world/etcd-world.js');
  return EtcdWorld.create({ ...shared, seeds });
}

/** What `withWorld` has to know of the work. */
export interface WorkOptions extends Pick<ResolveOptions, 'appFolder'> {
  /** Whether it reads the agents and says itself which run another version. */
  readonly saysVersions?: boolean;
  /** Whether a person is asked which fleet is meant, where several are known and nobody said. */
  readonly asksFleet?: boolean;
}

/** Runs `work` with the World of the flags' fleet, and closes it afterwards. */
export async function withWorld<T>(
  context: CommandContext,
  flags: ConnectionFlags,
  work: (
    world: ClientWorld,
    call: { signal: AbortSignal; timeoutMs: number },
    target: FleetTarget,
  ) => Promise<T>,
  options: WorkOptions = {},
): Promise<T> {
  const { signal } = context.interrupts;
  const target = await targetOf(flags, options, signal);
  const log = logTo(flags);
  log('debug', describeTarget(target));
  await using world = await openWorld(target, log, signal);
  using versions = options.saysVersions === true ? undefined : warnOfOtherVersions(world, log);
  const result = await work(world, { signal, timeoutMs: target.timeoutMs }, target);
  await versions?.settled(signal);
  return result;
}

/** The fleet of the flags, or the one that a person chooses. */
async function targetOf(
  flags: ConnectionFlags,
  options: WorkOptions,
  signal: AbortSignal,
): Promise<FleetTarget> {
  const target = await resolveTarget(flags, { ...options, signal });
  const mayAsk = options.asksFleet === true && canAsk() && !flags.json && flags.yes !== true;
  if (!mayAsk || !isUndecided(target)) return requireFleet(target);
  const { askWhichFleet } = await import('./file/ask-which-fleet.js');
  const fleet = await askWhichFleet(target.knownFleets ?? [], signal);
  return {
    ...(await resolveTarget({ ...flags, fleet }, { ...options, signal })),
    foundBy: ['--fleet', fleet],
  };
}

/** The first sentence of the story of a connection. */
function describeTarget({ fleetName, source, sshUrls, seeds, namespace }: FleetTarget): string {
  const from = source === undefined ? '' : ` (${source.file})`;
  const name = fleetName === undefined ? 'The fleet' : `The fleet ${fleetName}`;
  const through = sshUrls.length === 0 ? '' : ` through ${listed(sshUrls)}`;
  return `${name}${from} is reached at ${listed(seeds)}${through}, namespace ${namespace}.`;
}
