import { Client } from '../../../world/index.js';
import type { Effort } from '../effort.js';
import { type Check, compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { moveValues } from './bulk.js';
import { measureCalls, measureRate, OPERATIONS } from './calls.js';
import { DelayLink } from './delay-link.js';
import type { Stand } from './stand.js';
import { direct, ours, sshForward, type Way } from './way.js';

const ROUND_TRIPS_MS = [40, 167];
const IN_FLIGHT = 32;

/** How values of 1 MiB are to be moved: ours over its bulk lanes, a single forward over its one connection. */
export interface Mover {
  readonly name: string;
  readonly way: Way;
  readonly bulk: boolean;
  /** A client that opens more connections for bulk by itself. Default one that dials the way. */
  readonly connect?: () => Promise<Client>;
}

/** Bulk over long links, calls beside it, and calls by themselves. */
export async function* measureDistance(stand: Stand, effort: Effort): AsyncGenerator<Topic> {
  for (const roundTripMs of effort.isQuick ? ROUND_TRIPS_MS.slice(-1) : ROUND_TRIPS_MS) {
    await using sshLink = await DelayLink.to(stand.sshd.port, roundTripMs);
    await using etcdLink = await DelayLink.to(stand.etcd.port, roundTripMs);
    await using ssh = await sshForward(stand, { at: sshLink });
    await using mine = await ours(stand, { at: sshLink });
    const movers: Mover[] = [
      { name: 'ssh -L, one connection', way: ssh, bulk: false },
      { name: 'ours', way: mine, bulk: true },
    ];
    if (!effort.isQuick) {
      movers.push(
        { name: 'direct, one connection', way: direct(stand, etcdLink.port), bulk: false },
        { name: 'ssh -L, our lanes', way: ssh, bulk: true },
        { name: 'ours, one lane', way: mine, bulk: false },
      );
    }
    const bulk = await measureBulkAt(roundTripMs, movers, effort);
    yield {
      ...bulk,
      notes: ['the link delays and ends TCP at both sides: the limits of TCP itself do not show'],
    };
    yield await measureCallsBeside(roundTripMs, movers, effort);
    yield* measureCalls([direct(stand, etcdLink.port), ssh, mine], effort, roundTripMs);
  }
}

export async function measureBulkAt(
  roundTripMs: number,
  movers: readonly Mover[],
  { rounds, isQuick }: Effort,
): Promise<Topic> {
  const measured = new Map<string, number[]>();
  const count = isQuick ? 48 : 128;
  const turns = isQuick ? 1 : Math.min(rounds, 3);
  for (let round = 0; round < turns; round += 1) {
    for (const { name, way, bulk, connect } of movers) {
      await using client = (await connect?.()) ?? Client.create({ endpoints: [way.url] });
      // A fresh connection is slow to begin with, for everybody.
      client.expectBulk(count * 1_000_000);
      await moveValues('put', client, { count: 32, inFlight: 16, bulk });
      for (const direction of ['get', 'put'] as const) {
        const rate = await moveValues(direction, client, { count, inFlight: IN_FLIGHT, bulk });
        measured.set(`${direction} ${name}`, [...(measured.get(`${direction} ${name}`) ?? []), rate]);
      }
    }
  }
  const all = (key: string) => measured.get(key) ?? [];
  const of = (key: string) => median(all(key));
  const checks = (['get', 'put'] as const).map(
    (direction): Check =>
      compare({
        what: `${direction}, ours against a single ssh -L`,
        of: all(`${direction} ours`),
        against: all(`${direction} ssh -L, one connection`),
        sense: 'at least',
        wanted: roundTripMs === 167 ? 3 : 1,
      }),
  );
  return {
    title: `Values of 1 MiB, ${IN_FLIGHT} in flight, at a round trip of ${roundTripMs} ms, MB/s`,
    columns: ['get', 'put'],
    rows: movers.map(({ name }) => ({ name, values: [of(`get ${name}`), of(`put ${name}`)] })),
    checks,
  };
}

async function measureCallsBeside(
  roundTripMs: number,
  movers: readonly Mover[],
  { durationMs, isQuick }: Effort,
): Promise<Topic> {
  const rows: { name: string; values: number[] }[] = [];
  const windowMs = Math.max(durationMs, 10 * roundTripMs);
  for (const { name, way, bulk } of movers) {
    await using client = Client.create({ endpoints: [way.url] });
    await client.get('/bench/small');
    const idle = await measureRate(client, OPERATIONS.get, 1, windowMs);
    const transfer = moveValues('get', client, { count: isQuick ? 32 : 64, inFlight: 16, bulk });
    const busy = await measureRate(client, OPERATIONS.get, 1, windowMs);
    await transfer;
    rows.push({ name, values: [idle.p50Ms, busy.p50Ms] });
  }
  const [idleMs = Number.NaN, busyMs = Number.NaN] = rows.find(({ name }) => name === 'ours')?.values ?? [];
  return {
    title: `Small gets one at a time at a round trip of ${roundTripMs} ms, p50 ms`,
    columns: ['idle', 'during a bulk read'],
    rows,
    checks: [{ what: 'ours, busy against idle', got: busyMs / idleMs, sense: 'at most', wanted: 2 }],
  };
}
