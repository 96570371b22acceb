import type { TestFleet } from '../../testing/index.js';
import { lines, type OutputOptions, printResult } from '../output/print.js';
import { findLab } from './labs.js';
import { withTesting } from './load-testing.js';

export interface FaultFlags extends OutputOptions {
  readonly name?: string;
}

/** One fault, or its end. */
export interface Change {
  /** None: all. */
  readonly hosts: readonly string[];
  readonly apply: (fleet: TestFleet, host: string) => Promise<void>;
}

/** Changes the faults of hosts, all at once, and prints which each of them has then. */
export async function applyFault(flags: FaultFlags, { hosts, apply }: Change): Promise<void> {
  const fleet = await findLab(flags.name, flags);
  const changed = await withTesting(async () => {
    // Named wrongly, none is changed.
    const meant = hosts.length === 0 ? fleet.hosts : [...new Set(hosts)].map((name) => fleet.host(name));
    await Promise.all(meant.map((host) => apply(fleet, host.name)));
    return Promise.all(
      meant.map(async (host) => ({ hostname: host.name, faults: await host.faults.describe() })),
    );
  });
  const told = changed.map(({ hostname, faults }) => `${hostname}: ${faults.join(', ') || 'no fault'}`);
  printResult(flags, changed, lines(told));
}
