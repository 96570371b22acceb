import type { ExecutionContext } from 'ava';
import type { Client } from '../../../world/index.js';
import type { Controller } from './controller.js';
import { EVENTS, PUTS, type Recovery, type Report, STOP } from './protocol.js';

/** Far above what a controller under this load needs, far below what an unbounded buffer takes. */
const MAX_RSS_GROWTH_BYTES = 150 << 20;

export interface Ending {
  /** A connection of its own, made after the fault. */
  readonly reader: Client;
  readonly controller: Controller;
  /** Settles when the writer of events has ended. */
  readonly written: Promise<void>;
  /** Whether the controller is to see all events; default true. Else only that it saw a beginning of them. */
  readonly reconnects?: boolean;
}

/** Ends the load and holds what the controller knows against what etcd holds. */
export async function nothingWasLost(t: ExecutionContext, ending: Ending): Promise<Report> {
  const { reader, controller, written, reconnects = true } = ending;
  await reader.set(STOP, 'stop', { repeatable: true });
  await written;
  const newest = await newestEvent(reader);
  const report = await controller.finish(reconnects ? newest : undefined);
  await putsHold(t, reader, report);
  const history = await eventsBetween(reader, BigInt(report.watchedFrom), newest);
  t.is(report.restarts, 0);
  const expected = reconnects ? history : history.slice(0, report.events.length);
  t.deepEqual(report.events, expected, 'events that came are not those that happened');
  t.true(report.events.length > 0);
  const growth = report.rssGrowthBytes;
  t.true(growth < MAX_RSS_GROWTH_BYTES, `memory grew by ${Math.round(growth / 1e6)} MB`);
  logLoad(t, report);
  return report;
}

/** Prints how long it took until all went on. */
export function logRecovery(t: ExecutionContext, since: string, { putMs, eventMs }: Recovery): void {
  t.log(`${since}: puts again after ${Math.round(putMs)} ms, events after ${Math.round(eventMs)} ms`);
}

function logLoad(t: ExecutionContext, report: Report): void {
  const { acknowledged, unknown, refused, events, rssGrowthBytes, longestSilenceMs } = report;
  t.log(
    `${acknowledged.length} puts acknowledged, ${unknown.length} unknown, ${refused.length} refused, ` +
      `${events.length} events; longest silence of puts ${Math.round(longestSilenceMs.putMs)} ms, of events ` +
      `${Math.round(longestSilenceMs.eventMs)} ms; memory +${Math.round(rssGrowthBytes / 1e6)} MB`,
  );
}

async function putsHold(t: ExecutionContext, reader: Client, report: Report): Promise<void> {
  const { entries } = await reader.list(PUTS);
  const stored = new Map(entries.map((entry) => [entry.key, entry]));
  t.true(report.acknowledged.length > 0);
  const missing = report.acknowledged.filter((key) => stored.get(key)?.value.toString() !== key);
  t.deepEqual(missing, [], 'puts that were acknowledged are missing');
  const applied = report.refused.filter((key) => stored.has(key));
  t.deepEqual(applied, [], 'puts that were refused as not applied are there');
  const twice = entries.filter(({ version }) => version !== 1n).map(({ key }) => key);
  t.deepEqual(twice, [], 'puts were applied more than once');
  const known = new Set([...report.acknowledged, ...report.unknown]);
  t.deepEqual(
    [...stored.keys()].filter((key) => !known.has(key)),
    [],
    'puts are there that nobody knows of',
  );
}

async function newestEvent(reader: Client): Promise<bigint> {
  const { entries } = await reader.list(EVENTS);
  return entries.reduce((newest, { modRevision }) => (modRevision > newest ? modRevision : newest), 0n);
}

/** What happened, as etcd itself keeps it: every event after one revision up to another. */
async function eventsBetween(reader: Client, after: bigint, newest: bigint): Promise<string[]> {
  const seen: string[] = [];
  if (newest <= after) return seen;
  for await (const item of reader.watch({ key: EVENTS, prefix: true, fromRevision: after + 1n })) {
    if (item.kind === 'restarted') throw new Error('etcd has forgotten what happened');
    if (item.kind !== 'events') continue;
    seen.push(...item.events.map(({ entry }) => `${entry.key}@${entry.modRevision}`));
    if (item.revision >= newest) break;
  }
  return seen;
}
