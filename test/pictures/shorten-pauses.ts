import type { Frame } from './draw-tour.js';

/** Nobody sees more. */
const FRAME_MS = 80;
/** Nobody waits longer for something to happen. */
const PAUSE_MS = 1_500;
/** To read the last screen. */
const END_MS = 4_000;

/** A film with pauses that are no longer than needed to read, from 0 on. */
export function shortenPauses(frames: readonly Frame[]): {
  readonly frames: Frame[];
  readonly lengthMs: number;
} {
  const shown: Frame[] = [];
  let atMs = 0;
  let recordedMs = frames[0]?.atMs ?? 0;
  for (const { atMs: next, screen } of frames) {
    const passed = next - recordedMs;
    // What follows at once replaces what was there.
    if (shown.length > 0 && passed < FRAME_MS) {
      shown.splice(-1, 1, { atMs, screen });
      continue;
    }
    atMs += Math.min(passed, PAUSE_MS);
    recordedMs = next;
    shown.push({ atMs, screen });
  }
  return { frames: shown, lengthMs: Math.ceil(atMs + END_MS) };
}
