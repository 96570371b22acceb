import type { ClientChannel } from 'ssh2';

/** A channel that has received this much gets a wider window; most never do. */
const WIDE_AFTER_BYTES = 1 << 20;
/** What a wide window adds to ssh2's own 2 MiB. */
export const EXTRA_BYTES = 6 << 20;
/** For all channels of one link together, which limits the memory that stalled readers can take. */
const BUDGET_BYTES = 48 << 20;

/**
 * Widens the receive windows of channels that receive a lot: ssh2 grants 2 MiB and renews at half of that, so a channel
 * gets about 1 MiB per round trip.
 *
 * ssh2 has no option for it. It keeps what the host may still send in `incoming.window` and refills that to 2 MiB;
 * subtracting the extra from that number once makes ssh2 itself grant that much more from then on.
 */
export class ReceiveWindows {
  #leftBytes = BUDGET_BYTES;

  /** Watches a channel that was just opened; does nothing if ssh2 keeps no such number. */
  follow(channel: ClientChannel): void {
    const incoming: unknown = Reflect.get(channel, 'incoming');
    if (typeof incoming !== 'object' || incoming === null) return;
    const granted: unknown = Reflect.get(incoming, 'window');
    if (typeof granted !== 'number') return;
    const widen = () => {
      if (this.#leftBytes < EXTRA_BYTES) return false;
      this.#leftBytes -= EXTRA_BYTES;
      channel.once('close', () => {
        this.#leftBytes += EXTRA_BYTES;
      });
      return true;
    };
    Object.defineProperty(incoming, 'window', { ...widening(granted, widen), enumerable: true });
  }
}

/**
 * A window as ssh2 counts it, which drops by the extra once enough was received and `widen` allows it. It never shows
 * exactly 0, because ssh2 would then drop what comes next.
 */
export function widening(
  granted: number,
  widen: () => boolean,
): { readonly get: () => number; readonly set: (value: number) => void } {
  let window = granted;
  let shown = granted;
  let receivedBytes = 0;
  let isWide = false;
  const set = (value: number) => {
    const change = value - shown;
    window += change;
    if (change < 0) receivedBytes -= change;
    if (!isWide && receivedBytes >= WIDE_AFTER_BYTES && widen()) {
      isWide = true;
      window -= EXTRA_BYTES;
    }
    shown = window === 0 ? -1 : window;
  };
  return { get: () => shown, set };
}
