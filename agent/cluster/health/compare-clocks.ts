import { pause } from '../../../base/abort.js';
import { CLOCK_KEY, type Client, type Log } from '../../../world/internal.js';
import { ClockComparison } from './clock-comparison.js';

/** How often the elected host writes the time. Each write wakes every agent once. */
const WRITE_MS = 300_000;

/** The second write follows soon, so that there is a first comparison early. */
const SECOND_WRITE_MS = 10_000;

/** How often a host looks whether it is the elected one. */
const LOOK_MS = 10_000;

interface Compared {
  readonly client: Client;
  readonly isElected: () => boolean;
  readonly log: Log;
}

/** A running comparison of this host's clock with the elected host's. */
export interface RunningComparison {
  /** How far this host's clock is ahead; undefined until that is known. */
  readonly aheadMs: () => number | undefined;
  /** Aborts when that changes. */
  readonly changed: () => AbortSignal;
  readonly ended: Promise<unknown>;
}

/**
 * Compares the clocks of the fleet until the signal aborts: the elected host writes what time it is, and everybody looks at
 * their own clock when they see that. No clock decides anything; a person is told.
 */
export function compareClocks(compared: Compared, signal: AbortSignal): RunningComparison {
  const comparison = new ClockComparison();
  let changed = new AbortController();
  const note = (written: Buffer): void => {
    const before = comparison.aheadMs;
    comparison.see(written.toString(), Date.now());
    if (comparison.aheadMs === before) return;
    changed.abort();
    changed = new AbortController();
  };
  const ended = Promise.all([follow(compared, note, signal), writeTime(compared, signal)]);
  return { aheadMs: () => comparison.aheadMs, changed: () => changed.signal, ended };
}

async function follow(
  { client, log }: Compared,
  note: (written: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const item of client.watch({ key: CLOCK_KEY }, { signal })) {
      if (item.kind !== 'events') continue;
      const last = item.events.at(-1);
      if (last?.type === 'put') note(last.entry.value);
    }
  } catch (error) {
    if (!signal.aborted) log('debug', `cannot compare clocks: ${(error as Error).message}`);
  }
}

async function writeTime({ client, isElected }: Compared, signal: AbortSignal): Promise<void> {
  let [nextMs, written] = [0, 0];
  while (!signal.aborted) {
    if (!isElected()) written = 0;
    else if (written === 0 || performance.now() >= nextMs) {
      // One that is late or lost is no harm: the next one follows.
      await client
        .set(CLOCK_KEY, JSON.stringify({ at: Date.now() }), { signal, timeoutMs: LOOK_MS })
        .catch(() => undefined);
      written += 1;
      nextMs = performance.now() + (written === 1 ? SECOND_WRITE_MS : WRITE_MS);
    }
    await pause(LOOK_MS, signal);
  }
}
