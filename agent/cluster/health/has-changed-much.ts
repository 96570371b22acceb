import { diskTrouble, type HostHealth } from '../../../world/internal.js';

/** What part of a disk may be filled or freed before that is worth a message. */
const DISK_STEP = 0.1;

/** In a disk that is nearly full, less is worth one. */
const STEP_IN_TROUBLE_BYTES = 50_000_000;

const CLOCK_STEP_MS = 2_000;

/** Whether a host's health has changed in a way that people would want to know. An idle host says nothing. */
export function hasChangedMuch(before: HostHealth, now: HostHealth): boolean {
  return hasDiskChanged(before.disk, now.disk) || hasClockChanged(before.clockAheadMs, now.clockAheadMs);
}

function hasDiskChanged(before: HostHealth['disk'], now: HostHealth['disk']): boolean {
  if (before === undefined || now === undefined) return before !== now;
  const changedBytes = Math.abs(now.freeBytes - before.freeBytes);
  if (changedBytes >= now.totalBytes * DISK_STEP || now.totalBytes !== before.totalBytes) return true;
  // A disk at the edge of being full must not make its host talk all the time.
  return diskTrouble(before) !== diskTrouble(now) && changedBytes >= STEP_IN_TROUBLE_BYTES;
}

/** A clock that was never told of is right: where all are, nobody writes for it. */
function hasClockChanged(before = 0, now = before): boolean {
  return Math.abs(now - before) >= CLOCK_STEP_MS;
}
