/** How much two comparisons may differ that confirm each other: a message may be on its way for so long. */
const AGREEMENT_MS = 2_000;

/**
 * Compares a clock with times that another host writes. A time that comes late, after an outage, looks like a clock that is
 * ahead: so a difference counts once the next time confirms it.
 */
export class ClockComparison {
  #aheadMs: number | undefined;
  #lastMs: number | undefined;

  /** How far this host's clock is ahead; undefined until two comparisons agree. */
  get aheadMs(): number | undefined {
    return this.#aheadMs;
  }

  /** @param written what the other host wrote @param nowMs this host's clock when it saw that */
  see(written: string, nowMs: number): void {
    const at = readTime(written);
    if (at === undefined) return;
    const aheadMs = nowMs - at;
    const isConfirmed = this.#lastMs !== undefined && Math.abs(aheadMs - this.#lastMs) <= AGREEMENT_MS;
    // The shorter way is nearer the truth.
    if (isConfirmed) this.#aheadMs = Math.min(aheadMs, this.#lastMs ?? aheadMs);
    this.#lastMs = aheadMs;
  }
}

function readTime(written: string): number | undefined {
  try {
    const { at } = Object(JSON.parse(written)) as { readonly at?: unknown };
    return typeof at === 'number' && Number.isFinite(at) ? at : undefined;
  } catch {
    return undefined;
  }
}
