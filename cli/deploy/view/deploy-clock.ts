import type { HostProgress, HostState } from '../../../world/deploys/host-states.js';
import type { WatchedHost } from './draw-deploy.js';

const OVER: readonly HostState[] = ['healthy', 'failed', 'rolled-back', 'skipped'];

/**
 * How long each host has taken since the deploy was recorded. What happens while we look counts by our own clock, because those of
 * the hosts may be wrong; what happened before, by what they reported.
 */
export class DeployClock {
  readonly #createdAt: number;
  readonly #ends = new Map<string, number>();
  #hasLooked = false;

  /** @param createdAt ISO 8601 */
  constructor(createdAt: string, now: number) {
    this.#createdAt = Math.min(Date.parse(createdAt) || now, now);
  }

  /** Since it was recorded, in milliseconds. */
  elapsedMs(now: number): number {
    return Math.max(0, now - this.#createdAt);
  }

  /** Takes note of how the hosts are. */
  look(hosts: ReadonlyMap<string, HostProgress>, now: number): void {
    for (const [name, { state, at }] of hosts) {
      if (!OVER.includes(state)) this.#ends.delete(name);
      else if (!this.#ends.has(name))
        this.#ends.set(name, this.#hasLooked ? now : Math.min(Date.parse(at ?? '') || now, now));
    }
    this.#hasLooked = true;
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
