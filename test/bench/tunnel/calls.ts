import { Client } from '../../../world/index.js';
import type { Effort } from '../effort.js';
import { type Check, compare, type Row, type Topic } from '../report.js';
import { median, percentile } from '../statistics.js';
import type { Way } from './way.js';

const IN_FLIGHT = [1, 16, 64, 256];
const VALUE = 'x'.repeat(256);

export type Operation = (client: Client, number: number) => Promise<unknown>;

export const OPERATIONS = {
  get: (client: Client) => client.get('/bench/small'),
  put: (client: Client, number: number) => client.set(`/bench/put/${number % 1000}`, VALUE),
} as const;

export interface Rate {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Keeps so many calls in flight for a while. */
export async function measureRate(
  client: Client,
  operation: Operation,
  inFlight: number,
  durationMs: number,
): Promise<Rate> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + durationMs;
  const loop = async (lane: number) => {
    for (let number = lane; performance.now() < end; number += inFlight) {
      const from = performance.now();
      await operation(client, number);
      latencies.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, lane) => loop(lane)));
  return {
    perSecond: (latencies.length * 1000) / (performance.now() - start),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}

/** A client for each way, with what is read put there and the connection warm. */
export async function warmClients(ways: readonly Way[]): Promise<Map<Way, Client>> {
  const clients = new Map<Way, Client>();
  for (const way of ways) {
    const client = Client.create({ endpoints: [way.url] });
    clients.set(way, client);
    await client.set('/bench/small', VALUE);
    await measureRate(client, OPERATIONS.get, 16, 300);
    await measureRate(client, OPERATIONS.put, 16, 300);
  }
  return clients;
}

/** Small gets and puts, by the number in flight; at a distance for long enough to count. */
export async function* measureCalls(
  ways: readonly Way[],
  effort: Effort,
  roundTripMs = 0,
): AsyncGenerator<Topic> {
  const { rounds } = effort;
  const durationMs = Math.max(effort.durationMs, 10 * roundTripMs);
  const clients = await warmClients(ways);
  try {
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const measured = new Map<string, Rate[]>();
      for (let round = 0; round < rounds; round += 1) {
        for (const inFlight of IN_FLIGHT) {
          for (const [way, client] of clients) {
            const rate = await measureRate(client, operation, inFlight, durationMs);
            measured.set(`${way.name} ${inFlight}`, [
              ...(measured.get(`${way.name} ${inFlight}`) ?? []),
              rate,
            ]);
          }
        }
      }
      yield callsTopic(roundTripMs === 0 ? name : `${name}, ${roundTripMs} ms away,`, ways, measured);
    }
  } finally {
    await Promise.all([...clients.values()].map((client) => client.close()));
  }
}

function callsTopic(name: string, ways: readonly Way[], measured: ReadonlyMap<string, Rate[]>): Topic {
  const all = (way: string, inFlight: number, field: keyof Rate) =>
    (measured.get(`${way} ${inFlight}`) ?? []).map((rate) => rate[field]);
  const of = (way: string, inFlight: number, field: keyof Rate) => median(all(way, inFlight, field));
  const rows = ways.flatMap((way): Row[] =>
    (['perSecond', 'p50Ms', 'p99Ms'] as const).map((field) => ({
      name: `${way.name} ${{ perSecond: 'per s', p50Ms: 'p50 ms', p99Ms: 'p99 ms' }[field]}`,
      values: IN_FLIGHT.map((inFlight) => of(way.name, inFlight, field)),
    })),
  );
  const checks: Check[] = IN_FLIGHT.flatMap((inFlight) => [
    compare({
      what: `${name}/s at ${inFlight}, ours against ssh -L`,
      of: all('ours', inFlight, 'perSecond'),
      against: all('ssh -L', inFlight, 'perSecond'),
      sense: 'at least',
      wanted: 1,
    }),
    compare({
      what: `${name} p50 at ${inFlight}, ssh -L against ours`,
      of: all('ssh -L', inFlight, 'p50Ms'),
      against: all('ours', inFlight, 'p50Ms'),
      sense: 'at least',
      wanted: 1,
    }),
  ]);
  checks.push(
    compare({
      what: `${name}/s at 64, ours against direct`,
      of: all('ours', 64, 'perSecond'),
      against: all('direct', 64, 'perSecond'),
      sense: 'at least',
      wanted: 0.9,
    }),
  );
  return {
    title: `${name} of 256 bytes, by calls in flight`,
    columns: IN_FLIGHT.map(String),
    rows,
    checks,
  };
}
