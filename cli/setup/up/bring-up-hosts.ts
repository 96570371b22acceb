import type { Founding } from './choose-founder.js';
import type { HostOutcome } from './run-steps.js';

/** Whether a host makes the cluster or joins it. */
export type HostRole = 'founder' | 'joiner';

export interface BringUp {
  /** In the order in which they were named. */
  readonly hosts: readonly string[];
  /** Hosts whose agents run and are started again. */
  readonly running: ReadonlySet<string>;
  readonly founding: Exclude<Founding, { readonly kind: 'unclear' }>;
  readonly bringUp: (host: string, role: HostRole) => Promise<HostOutcome>;
}

/**
 * Brings up one host alone until its cluster serves, where there is none yet, and then all others at once, except that agents
 * which run are started again one after another. A host that fails stops none of the others, except that all wait for the first;
 * if that fails before it can have begun a cluster, the next one makes it. An abort rejects when no host is being worked on any
 * more.
 */
export async function bringUpHosts({ hosts, running, founding, bringUp }: BringUp): Promise<HostOutcome[]> {
  const outcomes = new Map<string, HostOutcome>();
  for (const host of founding.kind === 'found' ? founding.candidates : []) {
    const outcome = await bringUp(host, 'founder');
    outcomes.set(host, outcome);
    if (outcome.kind === 'done') break;
    if (outcome.kind === 'failed' && !outcome.mayHaveBegun) continue;
    return hosts.map((other) => outcomes.get(other) ?? { kind: 'waiting', host: other, for: host });
  }
  const rest = hosts.filter((host) => !outcomes.has(host));
  const settled = await Promise.allSettled(
    rest.filter((host) => !running.has(host)).map((host) => bringUp(host, 'joiner')),
  );
  for (const one of settled) {
    if (one.status === 'rejected') throw one.reason;
    outcomes.set(one.value.host, one.value);
  }
  for (const host of rest.filter((one) => running.has(one)))
    outcomes.set(host, await bringUp(host, 'joiner'));
  return hosts.flatMap((host) => outcomes.get(host) ?? []);
}
