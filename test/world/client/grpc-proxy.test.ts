import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { Client } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { take, takeKeys } from '../helpers/fleet.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

/** A client behind `etcd grpc-proxy`, which chooses the ids of watches itself, and one that goes around it. */
async function behindProxy(t: ExecutionContext): Promise<{ client: Client; direct: Client }> {
  const { etcd: program } = await resolveEtcd();
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-proxy-'));
  const listen = `127.0.0.1:${await freePort()}`;
  const flags = ['--endpoints', etcd.url, '--listen-addr', listen, '--data-dir', folder];
  const child = spawn(program, ['grpc-proxy', 'start', ...flags], { stdio: 'ignore', cwd: folder });
  process.once('exit', () => child.kill('SIGKILL'));
  const namespace = `/proxy${listen}`;
  const client = Client.create({ endpoints: [`http://${listen}`], namespace });
  const direct = Client.create({ endpoints: [etcd.url], namespace });
  t.teardown(async () => {
    await Promise.all([client.close(), direct.close()]);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true });
  });
  await client.get('/up');
  return { client, direct };
}

test.serial(
  'behind a proxy that numbers watches itself, each of many watches gets its own events',
  async (t) => {
    const { client, direct } = await behindProxy(t);
    const keys = Array.from({ length: 20 }, (_, index) => `/n/${index}`);
    const watches = keys.map((key) => client.watch({ key }));
    t.true((await Promise.all(watches.map(take))).every((item) => item.kind === 'ready'));
    for (const key of keys) await direct.set(key, 'x');
    t.deepEqual((await Promise.all(watches.map((items) => takeKeys(items, 1)))).flat(), keys);
    for (const items of watches) await items.return?.();
  },
);

test.serial('behind such a proxy, a watch that is left takes no event from those that stay', async (t) => {
  const { client, direct } = await behindProxy(t);
  const first = client.watch({ key: '/first' });
  await take(first);
  const [left, stays, late] = ['/left', '/stays', '/late'].map((key) => client.watch({ key }));
  if (left === undefined || stays === undefined || late === undefined) return t.fail();
  const asked = left.next();
  await left.return?.();
  await asked;
  await Promise.all([take(stays), take(late)]);
  await first.return?.();
  for (const key of ['/first', '/left', '/stays', '/late']) await direct.set(key, 'x');
  t.deepEqual(await takeKeys(stays, 1), ['/stays']);
  t.deepEqual(await takeKeys(late, 1), ['/late']);
  await Promise.all([stays.return?.(), late.return?.()]);
});
