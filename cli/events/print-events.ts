import type { ClientWorld } from '../../world/client-world.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import { CliError } from '../errors.js';
import type { OutputOptions } from '../output/print.js';
import { onReaderGone, resultTaken, writeJson, writeResult } from '../output/write-output.js';
import type { FleetEvent, Happening } from './fleet-event.js';
import { followEvents } from './follow-events.js';
import { formatEvent } from './format-event.js';
import type { IsWanted } from './select-events.js';

/** How events are printed. */
export interface EventPrinting extends OutputOptions {
  /** The first revision to tell of. Default: what follows now. */
  readonly from: bigint | undefined;
  readonly isWanted: IsWanted;
  /** How many events are printed at most. */
  readonly limit: number | undefined;
}

/**
 * Prints what happens in a fleet, a line for each event, until the signal aborts, all that are wanted are printed, or nobody reads
 * them any more.
 *
 * @throws WorldError as `followEvents`; CliError `failed` if the lines cannot be written
 */
export async function printEvents(
  world: ClientWorld,
  { signal, timeoutMs }: ReadCall,
  { from, isWanted, limit = Infinity, json }: EventPrinting,
): Promise<void> {
  const unread = new AbortController();
  onReaderGone((failure) => unread.abort(failure));
  const call = { signal: AbortSignal.any([signal, unread.signal]), timeoutMs };
  let left = limit;
  for await (const { revision, happenings, labelsOf } of followEvents(world, call, from)) {
    const wanted = happenings.filter((happening) => isWanted(happening, labelsOf)).slice(0, left);
    for (const happening of wanted) print(stamp(revision, happening), json);
    left -= wanted.length;
    if (left <= 0) break;
    await resultTaken(call.signal);
  }
  if (unread.signal.reason instanceof CliError) throw unread.signal.reason;
}

function stamp(revision: bigint, happening: Happening): FleetEvent {
  return { revision: Number(revision), time: new Date().toISOString(), ...happening };
}

function print(event: FleetEvent, json: boolean): void {
  if (json) writeJson(event);
  else writeResult(formatEvent(event));
}
