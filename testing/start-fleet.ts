import { attachFleetAs, createFleetAs, prepareMachine } from '../fixtures/index.js';
import { logTo, readOptions, sayOnStderr } from './read-options.js';
import type { StartFleetOptions } from './start-options.js';
import { TestFleet } from './test-fleet.js';

const make = (...parts: ConstructorParameters<typeof TestFleet>) => new TestFleet(...parts);

/**
 * Starts hosts on this machine, each with a real sshd, new keys and a private network. Settles when every sshd answers
 * and, with agents, when these are one cluster. The fleet is removed by {@link TestFleet.close}, or when this process
 * ends, however it ends.
 *
 * ```ts
 * await using fleet = await startFleet({ hosts: 3 });
 * client.connect(fleet.ssh2('h1'));
 * await fleet.cut('h1');
 * ```
 * @throws FleetError `invalid-option`; `name-taken`; `unsupported` for what this machine or kind of host cannot;
 * `engine-unavailable`, `image-failed`, `sshd-missing`, `etcd-missing` for what is to be installed; `host-failed`.
 * `signal.reason`. Nothing is left behind then.
 */
export async function startFleet(options: StartFleetOptions = {}): Promise<TestFleet> {
  const read = readOptions(options);
  return createFleetAs(make, read, async (fleet) => {
    if (!read.agents) return [];
    // Loaded where there are agents: the World is most of what this package loads.
    const { waitForAgents } = await import('./wait-for-agents.js');
    return waitForAgents(fleet, options.signal);
  });
}

/**
 * A fleet that another process of this user has started, such as a runner's global set-up. Closing it removes it for
 * everyone.
 * @param which its id, name or directory
 * @throws FleetError `unknown-fleet`
 */
export function attachFleet(which: string): Promise<TestFleet> {
  return attachFleetAs(make, which);
}

/**
 * Makes what fleets need, so that none has to do it while a test waits: installs a container engine (as root, on Debian),
 * builds its image; without, fetches sshd and etcd. Takes a minute or two, once.
 * @throws FleetError saying what to install
 */
export async function prepareFleets(
  options: Pick<StartFleetOptions, 'onPrepare' | 'signal'> = {},
): Promise<void> {
  const { onPrepare = sayOnStderr, signal } = options;
  await prepareMachine({ log: logTo(onPrepare), ...(signal && { signal }) });
}
