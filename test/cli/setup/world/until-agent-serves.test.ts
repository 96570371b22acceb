import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import test from 'ava';
import { type StartedAgent, untilAgentServes } from '../../../../cli/setup/world/until-agent-serves.js';
import { makeFleet } from '../../../../world/fleet/stored-identity.js';
import { EtcdWorld, WorldError } from '../../../../world/index.js';
import { AGENTS_PREFIX, HOSTS_PREFIX } from '../../../../world/keys.js';
import { Etcd } from '../../../world/helpers/etcd.js';

const fleet = { uuid: randomUUID(), generation: 1 };
const startedAt = '2026-01-01T00:00:00.000Z';
const record = { hostname: 'web1', version: '0.1.0', startedAt, since: startedAt, instance: 'i', pid: 1 };

let etcd: Etcd;
let nowhere: EtcdWorld;
test.before(async () => {
  etcd = await Etcd.start();
  nowhere = await EtcdWorld.open({ seeds: [etcd.url] });
});
test.after.always(async () => {
  await nowhere?.close();
  await etcd?.[Symbol.asyncDispose]();
});

function agent(world: EtcdWorld, timeoutMs: number): StartedAgent {
  return {
    ...{ hostname: 'web1', world, timeoutMs, signal: new AbortController().signal },
    whyEnded: async () => undefined,
    lastWords: async () => 'nothing',
  };
}

test.serial('An agent whose cluster never becomes the fleet is an error that says so', async (t) => {
  await using world = EtcdWorld.create({ seeds: [etcd.url], fleet });
  const error = await t.throwsAsync(untilAgentServes(agent(world, 0)), { instanceOf: WorldError });
  t.is(error.code, 'other-fleet');
});

test.serial('A cluster that names its fleet only after it serves is waited for', async (t) => {
  const words = new EventEmitter();
  const asked = once(words, 'warn');
  const log = (level: string) => words.emit(level);
  await using world = EtcdWorld.create({ seeds: [etcd.url], fleet, log });
  const serves = untilAgentServes(agent(world, 60_000));
  await Promise.race([asked, serves]);
  const success = [AGENTS_PREFIX, HOSTS_PREFIX].map((prefix) => ({
    put: `${prefix}web1`,
    value: JSON.stringify(record),
  }));
  await nowhere.client.txn({ compare: [], success, failure: [] });
  await makeFleet(nowhere.client, fleet);
  await t.notThrowsAsync(serves);
});
