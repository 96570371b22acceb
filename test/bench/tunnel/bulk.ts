import { Client } from '../../../world/index.js';
import type { Effort } from '../effort.js';
import { type Check, compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { measureRate, OPERATIONS } from './calls.js';
import { OVER_TCP, type Way } from './way.js';

const MIB = 1 << 20;
const IN_FLIGHT = [1, 4, 16];

/** Moves 1 MiB values one way; in MB/s. */
export async function moveValues(
  direction: 'get' | 'put',
  client: Client,
  { count, inFlight, bulk }: { readonly count: number; readonly inFlight: number; readonly bulk: boolean },
): Promise<number> {
  const value = Buffer.alloc(MIB, 'v');
  let next = 0;
  const start = performance.now();
  const options = { bulk, timeoutMs: 120_000 };
  const loop = async () => {
    while (next < count) {
      const key = `/bench/big/${next++ % 16}`;
      if (direction === 'put') await client.set(key, value, options);
      else await client.get(key, options);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (count * MIB) / 1000 / (performance.now() - start);
}

/** 1 MiB values both ways, and what small gets feel of it. */
export async function* measureBulk(ways: readonly Way[], effort: Effort): AsyncGenerator<Topic> {
  const clients = new Map(ways.map((way) => [way, Client.create({ endpoints: [way.url] })]));
  const count = effort.isQuick ? 24 : 64;
  try {
    const measured = new Map<string, number[]>();
    const add = (key: string, value: number) => measured.set(key, [...(measured.get(key) ?? []), value]);
    for (const client of clients.values()) {
      await moveValues('put', client, { count: 16, inFlight: 4, bulk: true });
      await moveValues('get', client, { count: 16, inFlight: 4, bulk: true });
    }
    for (let round = 0; round < effort.rounds; round += 1) {
      for (const direction of ['get', 'put'] as const) {
        for (const inFlight of IN_FLIGHT) {
          for (const [way, client] of clients) {
            const rate = await moveValues(direction, client, { count, inFlight, bulk: true });
            add(`${direction} ${way.name} ${inFlight}`, rate);
          }
        }
      }
    }
    yield bulkTopic(ways, (key) => measured.get(key) ?? []);
    yield await measureInterference(clients, effort);
  } finally {
    await Promise.all([...clients.values()].map((client) => client.close()));
  }
}

function bulkTopic(ways: readonly Way[], all: (key: string) => readonly number[]): Topic {
  const of = (key: string) => median(all(key));
  const rows = (['get', 'put'] as const).flatMap((direction) =>
    ways.map(({ name }) => ({
      name: `${direction} ${name}`,
      values: IN_FLIGHT.map((inFlight) => of(`${direction} ${name} ${inFlight}`)),
    })),
  );
  const checks = (['get', 'put'] as const).flatMap((direction) =>
    IN_FLIGHT.flatMap((inFlight) =>
      checksOf(`${direction} at ${inFlight}`, (way) => all(`${direction} ${way} ${inFlight}`)),
    ),
  );
  return { title: 'Values of 1 MiB, MB/s by calls in flight', columns: IN_FLIGHT.map(String), rows, checks };
}

/** What is wanted at one number of calls in flight; `of` gives what was measured of a way. */
function checksOf(what: string, of: (way: string) => readonly number[]): Check[] {
  const mine = of('ours');
  const tcp = of(OVER_TCP);
  const check = (name: string, measured: readonly number[], against: readonly number[], wanted: number) =>
    compare({ what: `${what}, ${name}`, of: measured, against, sense: 'at least', wanted });
  return [
    check('ours against ssh -L', mine, of('ssh -L'), 1),
    check('ours against direct', mine, of('direct'), 0.6),
    check('ours over TCP against ours', tcp, mine, 0.7),
    check('ours over TCP against ssh -L', tcp, of('ssh -L'), 0.7),
  ];
}

/** The latency of single small gets, idle and while 1 MiB values are read all the time. */
async function measureInterference(
  clients: ReadonlyMap<Way, Client>,
  { rounds, durationMs }: Effort,
): Promise<Topic> {
  const idle = new Map<Way, number[]>();
  const busy = new Map<Way, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [way, client] of clients) {
      const { p50Ms } = await measureRate(client, OPERATIONS.get, 1, durationMs);
      idle.set(way, [...(idle.get(way) ?? []), p50Ms]);
      const ending = new AbortController();
      const transfer = keepReading(client, ending.signal);
      const during = await measureRate(client, OPERATIONS.get, 1, durationMs);
      busy.set(way, [...(busy.get(way) ?? []), during.p50Ms]);
      ending.abort();
      await transfer;
    }
  }
  const rows = [...clients.keys()].map((way) => ({
    name: way.name,
    values: [median(idle.get(way) ?? []), median(busy.get(way) ?? [])],
  }));
  const ours = [...clients.keys()].find(({ name }) => name === 'ours');
  const of = (measured: ReadonlyMap<Way, number[]>) => (ours && measured.get(ours)) ?? [];
  return {
    title: 'Small gets one at a time, p50 ms',
    columns: ['idle', 'during a bulk read'],
    rows,
    checks: [
      compare({
        what: 'ours, busy against idle',
        of: of(busy),
        against: of(idle),
        sense: 'at most',
        wanted: 2,
      }),
    ],
    notes: [
      'client, tunnel, sshd and etcd share the cores of this machine: a bulk read takes their time too',
    ],
  };
}

async function keepReading(client: Client, signal: AbortSignal): Promise<void> {
  const loop = async (lane: number) => {
    while (!signal.aborted) await client.get(`/bench/big/${lane}`, { bulk: true });
  };
  await Promise.all([0, 1, 2, 3].map(loop));
}
