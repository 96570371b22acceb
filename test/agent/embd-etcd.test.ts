import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EmbdEtcd, type EmbdEtcdOptions } from '../../agent/index.js';
import { resolveEtcd } from '../../fixtures/fleet/install/etcd-binary.js';

async function options(t: ExecutionContext): Promise<EmbdEtcdOptions> {
  const prefix = await mkdtemp(path.join(tmpdir(), 'hawser-embd-'));
  t.teardown(() => rm(prefix, { recursive: true }));
  return {
    hostname: 'h1',
    prefix,
    newCluster: true,
    noNetwork: true,
    environment: { ...process.env, HAWSER_ETCD: (await resolveEtcd('3.5')).etcd },
  };
}

async function next(iterator: AsyncIterator<void>): Promise<boolean> {
  return (await iterator.next()).done !== true;
}

test('whoever asks before it runs is told each time that the server serves and stops', async (t) => {
  const given = await options(t);
  const watching = new AbortController();
  const { signal } = watching;
  const stop = new AbortController();
  const etcd = new EmbdEtcd(given);
  const ready = etcd.serverReady({ signal })[Symbol.asyncIterator]();
  const exited = etcd.serverExited({ signal })[Symbol.asyncIterator]();
  await etcd.init();
  const running = etcd.run(stop.signal);
  await etcd.ready;
  t.true(await next(ready), 'asked for only now');
  t.true(await next(etcd.serverReady({ signal })[Symbol.asyncIterator]()), 'it serves at this moment');
  stop.abort();
  await running;
  t.true(await next(exited));
  const more = [next(ready), next(exited)];
  watching.abort();
  t.deepEqual(await Promise.all(more), [false, false], 'once each');
  await etcd.cleanup();
  t.is(await etcd.err(), undefined);
});

test('err does not wait for a run that never began', async (t) => {
  const given = await options(t);
  const idle = new EmbdEtcd(given);
  const told = idle.err();
  await idle.init();
  await idle.cleanup();
  t.is(await told, undefined);

  const failing = new EmbdEtcd({ ...given, environment: { PATH: '', HAWSER_ETCD: '/bin/false' } });
  const failed = failing.err();
  await t.throwsAsync(failing.init());
  await failing.cleanup();
  t.is(await failed, undefined, 'init said it');
});
