/** So many at first: over a slow link more would only share it, until each takes longer than it may. */
const AT_FIRST = 8;
/** So many at most: over a long link, each of several connections is full with some megabytes under way. */
const AT_MOST = 32;
/** Where one took less, there is room for another beside it. */
const QUICK_MS = 2_000;

/** As `inParallel`, with a few at a time at first and more as long as they are quick. */
export async function inGrowingParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const waiting = items.values();
  const lanes: Promise<void>[] = [];
  const lane = async (): Promise<void> => {
    for (const item of waiting) {
      if (failures.length > 0) return;
      const from = performance.now();
      await work(item).catch((error: unknown) => failures.push(error));
      if (performance.now() - from < QUICK_MS && lanes.length < AT_MOST) lanes.push(lane());
    }
  };
  for (let count = 0; count < Math.min(AT_FIRST, items.length); count += 1) lanes.push(lane());
  // Those that were added meanwhile come behind.
  for (let index = 0; index < lanes.length; index += 1) await lanes[index];
  if (failures.length > 0) throw failures[0];
}
