import { setTimeout as delay } from 'node:timers/promises';
import type { ClientWorld } from '../../../world/index.js';

const SAMPLE_MS = 250;

/** Watches how many servers vote. */
export class VoterCount {
  /** The longest time in which their number was seen to be even. */
  longestEvenMs = 0;
  readonly #world: ClientWorld;
  #evenSince: number | undefined;

  constructor(world: ClientWorld) {
    this.#world = world;
  }

  /** Looks until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const members = await this.#world.members({ timeoutMs: 2_000 }).catch(() => undefined); // nobody can tell now
      if (members !== undefined) this.#note(members.filter(({ isLearner }) => !isLearner).length);
      await delay(SAMPLE_MS);
    }
  }

  #note(count: number): void {
    const now = performance.now();
    if (count % 2 === 1) this.#evenSince = undefined;
    else this.#evenSince ??= now;
    this.longestEvenMs = Math.max(this.longestEvenMs, now - (this.#evenSince ?? now));
  }
}
