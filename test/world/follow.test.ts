import test from 'ava';
import { EtcdWorld } from '../../world/index.js';
import { Etcd } from './helpers/etcd.js';

let etcd: Etcd;
let world: EtcdWorld;
const warnings: string[] = [];

test.before(async () => {
  etcd = await Etcd.start();
  const log = (level: string, message: string) => void (level === 'warn' && warnings.push(message));
  world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1', log });
});
test.after.always(async () => {
  await world?.close();
  await etcd?.[Symbol.asyncDispose]();
});

test.serial('a string is followed from there being none until it is removed', async (t) => {
  const values = world.strFollow('motd')[Symbol.asyncIterator]();
  t.is((await values.next()).value, undefined);
  await world.strSet('motd', '');
  t.is((await values.next()).value, '');
  await world.strSet('motd', 'hello');
  t.is((await values.next()).value, 'hello');
  await world.strDel('motd');
  t.is((await values.next()).value, undefined);
  await world.client.set('/strings/motd', Buffer.from([0xff]));
  await world.strSet('motd', 'again');
  t.is((await values.next()).value, 'again');
  t.true(warnings.some((warning) => warning.includes('/strings/motd')));
  const waiting = values.next();
  await values.return?.();
  t.true((await waiting).done);
});

test.serial('agents are followed as they come and go; what is no agent is left out', async (t) => {
  const agent = { instance: 'i1', version: '1', startedAt: '2026-01-01T00:00:00.000Z', pid: 1 };
  const put = (hostname: string) =>
    world.client.set(`/agents/${hostname}`, JSON.stringify({ ...agent, hostname }));
  await put('a');
  const maps = world.agentsFollow()[Symbol.asyncIterator]();
  const next = async () => [...((await maps.next()).value ?? [])].map(([hostname]) => hostname);
  t.deepEqual(await next(), ['a']);
  await put('b');
  t.deepEqual(await next(), ['a', 'b']);
  await world.client.set('/agents/c', 'no agent');
  await world.client.del('/agents/a');
  t.deepEqual(await next(), ['b']);
  await maps.return?.();
});

test.serial('deploys are followed in their order, as they are added and pruned', async (t) => {
  const next = async () => [...((await maps.next()).value ?? [])];
  for (let id = 1; id <= 10; id += 1) await world.addDeploy({ id, payload: `p${id}`, hash: `h${id}` });
  const maps = world.deploysFollow()[Symbol.asyncIterator]();
  t.deepEqual(await next(), [...(await world.getDeploys())]);
  await world.client.set('/deploy/notes', 'of another program');
  await world.addDeploy({ id: 11, payload: 'p11' });
  t.deepEqual((await next()).at(-1), [11, 'p11']);
  t.true(warnings.some((warning) => warning.includes('/deploy/notes')));
  await world.pruneDeploys(2);
  t.deepEqual(await next(), [
    [10, 'p10'],
    [11, 'p11'],
  ]);
  const waiting = maps.next();
  await maps.return?.();
  t.true((await waiting).done);
});
