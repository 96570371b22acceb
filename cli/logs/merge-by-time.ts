/** Something that may have happened at a known time. */
export interface Timed {
  readonly atMs: number | undefined;
}

/** One of what is merged, of which at most one item is held. */
interface Source<T> {
  readonly items: AsyncIterator<T>;
  head: T | undefined;
  isAsked: boolean;
  hasEnded: boolean;
  /** Since when an item has been waited for. */
  askedMs: number;
}

/**
 * Merges items that come in order from several sources, by time; an item without a time comes as soon as those before it.
 * Holds one item of each source, so that one that is ahead waits.
 *
 * @param patienceMs how long to wait for a source that says nothing, before the others go on without it; for ever without it
 */
export async function* mergeByTime<T extends Timed>(
  from: readonly AsyncIterable<T>[],
  patienceMs = Number.POSITIVE_INFINITY,
): AsyncGenerator<T> {
  const sources = from.map(
    (items): Source<T> => ({
      items: items[Symbol.asyncIterator](),
      head: undefined,
      isAsked: false,
      hasEnded: false,
      askedMs: 0,
    }),
  );
  const bell = new Bell();
  for (;;) {
    for (const source of sources) ask(source, bell);
    const first = earliest(sources);
    const waits = sources.filter(({ isAsked }) => isAsked);
    if (first === undefined && waits.length === 0) return;
    const waitMs = first === undefined ? Number.POSITIVE_INFINITY : patienceFor(first, waits, patienceMs);
    if (first?.head === undefined || waitMs > 0) {
      await bell.rung(waitMs);
      continue;
    }
    const item = first.head;
    first.head = undefined;
    yield item;
  }
}

/** How long others may still be waited for before the first item is given. */
function patienceFor<T extends Timed>(
  first: Source<T>,
  waits: readonly Source<T>[],
  patienceMs: number,
): number {
  if (first.head?.atMs === undefined || waits.length === 0) return 0;
  const youngest = Math.max(...waits.map(({ askedMs }) => askedMs));
  return youngest + patienceMs - performance.now();
}

function earliest<T extends Timed>(sources: readonly Source<T>[]): Source<T> | undefined {
  let first: Source<T> | undefined;
  for (const source of sources) {
    if (source.head !== undefined && (first === undefined || keyOf(source) < keyOf(first))) first = source;
  }
  return first;
}

function keyOf<T extends Timed>({ head }: Source<T>): number {
  return head?.atMs ?? Number.NEGATIVE_INFINITY;
}

function ask<T>(source: Source<T>, bell: Bell): void {
  if (source.isAsked || source.hasEnded || source.head !== undefined) return;
  source.isAsked = true;
  source.askedMs = performance.now();
  source.items.next().then(
    (result) => {
      source.isAsked = false;
      if (result.done === true) source.hasEnded = true;
      else source.head = result.value;
      bell.ring();
    },
    (error: unknown) => bell.fail(error),
  );
}

/** Wakes the one who waits. A race of promises would keep a reaction for each item while another source is silent. */
class Bell {
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isRung = false;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.ring();
  }

  async rung(mostMs: number): Promise<void> {
    if (!this.#isRung)
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(mostMs) ? setTimeout(resolve, mostMs) : undefined;
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wake = undefined;
    this.#isRung = false;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
