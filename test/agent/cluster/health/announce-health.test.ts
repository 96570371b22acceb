import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { announceHealth } from '../../../../agent/cluster/health/announce-health.js';
import { ClockComparison } from '../../../../agent/cluster/health/clock-comparison.js';
import { hasChangedMuch } from '../../../../agent/cluster/health/has-changed-much.js';
import { Client } from '../../../../world/index.js';
import type { HostHealth } from '../../../../world/internal.js';
import { Etcd } from '../../../world/helpers/etcd.js';

const disk = (freeBytes: number) => ({ disk: { totalBytes: 100_000_000_000, freeBytes } });

test('a disk is told of when it fills up or is emptied, and not for each file', (t) => {
  t.false(hasChangedMuch(disk(50e9), disk(49e9)));
  t.true(hasChangedMuch(disk(50e9), disk(40e9)));
  t.true(hasChangedMuch(disk(2.05e9), disk(1.95e9)), 'it has become too full');
  t.false(hasChangedMuch(disk(2.001e9), disk(1.999e9)), 'to and fro at the edge');
  t.true(hasChangedMuch(disk(0.09e9), disk(30e9)));
  t.true(hasChangedMuch({}, disk(1)));
});

test('a clock is told of when it has moved by seconds', (t) => {
  t.false(hasChangedMuch({}, { clockAheadMs: 5 }), 'one that is right is not worth a message');
  t.true(hasChangedMuch({}, { clockAheadMs: -3_000 }));
  t.false(hasChangedMuch({ clockAheadMs: 5 }, { clockAheadMs: 900 }));
  t.true(hasChangedMuch({ clockAheadMs: 5 }, { clockAheadMs: 60_000 }));
  t.false(hasChangedMuch({ clockAheadMs: 5 }, {}));
});

test('a difference of clocks counts once it is confirmed', (t) => {
  const comparison = new ClockComparison();
  const see = (at: number, nowMs: number) => {
    comparison.see(JSON.stringify({ at }), nowMs);
    return comparison.aheadMs;
  };
  t.is(see(1_000, 61_000), undefined);
  t.is(see(11_000, 71_040), 60_000);
  // An outage: the time was written long before it came.
  t.is(see(20_000, 500_000), 60_000);
  t.is(see(600_000, 660_000), 60_000);
  t.is(see(700_000, 700_100), 60_000);
  t.is(see(710_000, 710_000), 0, 'somebody set the clock');
  comparison.see('{"at":"x"}', 0);
  comparison.see('nonsense', 0);
  t.is(comparison.aheadMs, 0);
});

test('a host publishes its health once, and compares its clock with the elected one', async (t) => {
  await using etcd = await Etcd.start();
  await using client = Client.create({ endpoints: [etcd.url] });
  const folder = await mkdtemp(path.join(tmpdir(), 'health-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const over = new AbortController();
  const published: { key: string; value: string }[] = [];
  let told: () => void = () => undefined;
  const toldAgain = () => new Promise<void>((resolve) => (told = resolve));
  const first = toldAgain();
  const presence = {
    set: (key: string, value: string | undefined) => {
      published.push({ key, value: value ?? '' });
      told();
    },
  };
  const log = (): void => undefined;
  const seen: HostHealth[] = [];
  const onLook = (health: HostHealth) => void seen.push(health);
  const announced = { hostname: 'web1', client, presence, folder, isElected: () => false, onLook, log };
  const running = announceHealth(announced, over.signal);
  await first;
  const second = toldAgain();
  // Until the watch is there, writes are not seen: so until one was.
  for (let n = 0; n < 100 && published.length < 2; n += 1) {
    await client.set('/hawser/clock', JSON.stringify({ at: Date.now() - 30_000 }));
  }
  await second;
  over.abort();
  await running;
  t.is(published[0]?.key, '/hawser/health/web1');
  const [before, after] = published.map(({ value }) => JSON.parse(value));
  t.true(before.disk.totalBytes > before.disk.freeBytes);
  t.is(before.clockAheadMs, undefined);
  t.deepEqual(
    seen.find(({ clockAheadMs }) => clockAheadMs === after.clockAheadMs),
    after,
  );
  t.true(after.clockAheadMs >= 30_000 && after.clockAheadMs < 40_000, String(after.clockAheadMs));
});
