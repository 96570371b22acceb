/** What an operation did to a register, or what it saw of it; `undefined` is a register that does not exist. */
export type Effect =
  | { readonly kind: 'read'; readonly found: string | undefined }
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'delete' }
  /** Compared and found equal. */
  | { readonly kind: 'swap'; readonly from: string; readonly to: string }
  /** Compared and found different. */
  | { readonly kind: 'no-swap'; readonly from: string; readonly found: string | undefined };

/** One operation on one register. `invoked` and `completed` are moments of one clock that never gives the same twice. */
export interface Operation {
  readonly process: number;
  readonly effect: Effect;
  readonly invoked: number;
  /** Infinity when the outcome is not known: it may take effect at any time from its beginning on, or never. */
  readonly completed: number;
}

/** How an operation ended: with what effect; certainly without any; or nobody knows, and if then with this one. */
export type Outcome =
  | { readonly ended: 'done'; readonly effect: Effect }
  | { readonly ended: 'not-done' }
  | { readonly ended: 'unknown'; readonly effect: Effect | undefined };

/** Records who did what when, register by register. */
export class History {
  readonly #operations = new Map<string, Operation[]>();
  readonly #counts = { done: 0, 'not-done': 0, unknown: 0 };
  #now = 0;
  #processes = 0;

  get registers(): ReadonlyMap<string, readonly Operation[]> {
    return this.#operations;
  }

  get counts(): Readonly<Record<Outcome['ended'], number>> {
    return this.#counts;
  }

  /** A process does one thing after another; one that does not know how that ended has ended itself. */
  newProcess(): number {
    this.#processes += 1;
    return this.#processes;
  }

  /** The next moment. */
  tick(): number {
    this.#now += 1;
    return this.#now;
  }

  /** Performs an operation and records it. */
  async record(process: number, register: string, perform: () => Promise<Outcome>): Promise<Outcome> {
    const invoked = this.tick();
    const outcome = await perform();
    this.#counts[outcome.ended] += 1;
    const completed = outcome.ended === 'done' ? this.tick() : Number.POSITIVE_INFINITY;
    if (outcome.ended !== 'not-done' && outcome.effect !== undefined) {
      const operations = this.#operations.get(register) ?? [];
      this.#operations.set(register, operations);
      operations.push({ process, effect: outcome.effect, invoked, completed });
    }
    return outcome;
  }
}
