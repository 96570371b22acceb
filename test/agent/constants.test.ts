import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import * as agent from '../../agent/index.js';
import { resolveEtcd } from '../../fixtures/fleet/install/etcd-binary.js';
import * as world from '../../world/index.js';

test("the constants are the seed's", (t) => {
  const server = {
    MAX_SERVER_START_TIMEOUT_MS: 60_000,
    MAX_SERVER_CLOSE_TIMEOUT_MS: 15_000,
    MAX_SERVER_RETRIES: 5,
    SERVER_RETRY_WAIT_MS: 500,
  };
  const client = {
    CONVERGED_PATH: '/converged/',
    SCHEDULER_PATH: '/scheduler/',
    DEFAULT_MAX_TXN_OPS: 512,
    CLIENT_DIAL_TIMEOUT_MS: 5000,
    CLIENT_DIAL_KEEP_ALIVE_TIME_MS: 2000,
    CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS: 6000,
    MEMBER_CHANGE_INTERVAL_MS: 500,
    SESSION_TTL_SECONDS: 10,
    CONVERGER_HOSTNAME_NAMESPACE: 'etcd-hostname',
  };
  t.like(agent, server);
  t.like(world, client);
});

test('a host has not come to rest before its name is known to the fleet', async (t) => {
  const prefix = await mkdtemp(path.join(tmpdir(), 'hawser-naming-'));
  t.teardown(() => rm(prefix, { recursive: true, maxRetries: 5 }));
  const said: string[] = [];
  class Told extends agent.Converger {
    override register(name: string): agent.ConvergerUid {
      const uid = super.register(name);
      const setConverged = (isConverged: boolean): void => {
        if (isConverged && !uid.isConverged) said.push(name);
        uid.setConverged(isConverged);
      };
      return { ...uid, setConverged, [Symbol.dispose]: () => uid[Symbol.dispose]() };
    }
  }
  const converger = new Told();
  const etcd = new agent.EmbdEtcd({
    ...{ hostname: 'h1', prefix, newCluster: true, noNetwork: true, converger },
    environment: { ...process.env, HAWSER_ETCD: (await resolveEtcd('3.5')).etcd },
  });
  await etcd.init();
  const stop = new AbortController();
  const running = etcd.run(stop.signal);
  await etcd.ready;
  t.true(said.includes(world.CONVERGER_HOSTNAME_NAMESPACE));
  t.false(converger.unconverged.includes(world.CONVERGER_HOSTNAME_NAMESPACE));
  stop.abort();
  await running;
  await etcd.cleanup();
});
