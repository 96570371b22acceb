import type { HostProgress, HostState } from '../../../world/deploys/host-states.js';
import type { WatchedHost } from './draw-deploy.js';
import type { DeployProgress } from './wait-for-deploy.js';

const OVER: readonly HostState[] = ['healthy', 'failed', 'rolled-back', 'skipped'];

/**
 * How long a deploy has taken since it was recorded, and each host. What happens while we look counts by our own clock, because those
 * of the hosts may be wrong; what happened before, by what they said.
 */
export class DeployClock {
  readonly #createdAt: number;
  readonly #ends = new Map<string, number>();
  #endedAt: number | undefined;
  #hasLooked = false;

  /** @param createdAt ISO 8601 */
  constructor(createdAt: string, now: number) {
    this.#createdAt = Math.min(Date.parse(createdAt) || now, now);
  }

  /** Takes note of how it stands. */
  look({ record, hosts }: DeployProgress, now: number): void {
    const endOf = (said: string | undefined): number =>
      this.#hasLooked ? now : Math.min(Date.parse(said ?? '') || now, now);
    for (const [name, { state, at }] of hosts) {
      if (!OVER.includes(state)) this.#ends.delete(name);
      else if (!this.#ends.has(name)) this.#ends.set(name, endOf(at));
    }
    if (record?.verdict === undefined) this.#endedAt = undefined;
    else this.#endedAt ??= endOf(record.since);
    this.#hasLooked = true;
  }

  /** In milliseconds. */
  elapsedMs(now: number): number {
    return Math.max(0, (this.#endedAt ?? now) - this.#createdAt);
  }

  /** The hosts with their times. */
  timed(hosts: ReadonlyMap<string, HostProgress>, now: number): Map<string, WatchedHost> {
    return new Map(
      [...hosts].map(([name, host]) => [
        name,
        { ...host, elapsedMs: Math.max(0, (this.#ends.get(name) ?? now) - this.#createdAt) },
      ]),
    );
  }
}
