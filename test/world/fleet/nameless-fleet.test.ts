import { randomUUID } from 'node:crypto';
import test from 'ava';
import { Client, EtcdWorld, type FleetIdentity } from '../../../world/index.js';
import { getFleet, makeFleet } from '../../../world/internal.js';
import { Etcd } from '../helpers/etcd.js';

const namespace = '/_mgmt';
const fleetA: FleetIdentity = { uuid: randomUUID(), generation: 1 };
let a: Etcd;

test.before(async () => {
  a = await Etcd.start();
});
test.beforeEach(async () => {
  await using plain = Client.create({ endpoints: [a.url], fleet: 'any' });
  await plain.delPrefix('');
  await using client = Client.create({ endpoints: [a.url], namespace });
  await makeFleet(client, fleetA);
});
test.after.always(() => a?.[Symbol.asyncDispose]());

test.serial('a cluster that says of no fleet is used as it is, and by no client given one', async (t) => {
  await using plain = Client.create({ endpoints: [a.url], fleet: 'any' });
  await plain.delPrefix('');
  await using world = EtcdWorld.create({ seeds: [a.url], hostname: 'h1' });
  await world.strSet('motd', 'hello');
  t.is(await getFleet(world.client), undefined);
  t.is(world.client.fleet, undefined);
  t.deepEqual(
    (await plain.list('')).entries.map(({ key }) => key),
    ['/_mgmt/strings/motd'],
  );
  await using given = Client.create({ endpoints: [a.url], namespace, fleet: fleetA });
  await t.throwsAsync(given.set('/x', '1'), { code: 'other-fleet' });
  await makeFleet(world.client, fleetA);
  await world.strSet('motd', 'as a fleet');
  t.deepEqual(world.client.fleet, fleetA);
});

test.serial('a fleet whose key was deleted by hand goes on, and gets the same identity again', async (t) => {
  await using client = Client.create({ endpoints: [a.url], namespace });
  await client.set('/x', '1');
  await using plain = Client.create({ endpoints: [a.url], fleet: 'any' });
  await plain.delPrefix('');
  await client.set('/x', '2');
  t.deepEqual(await makeFleet(client, fleetA), fleetA);
  await client.set('/x', '3');
  t.deepEqual(client.fleet, fleetA);
});

test.serial('a key that names no fleet stops nothing, and is written over by nobody', async (t) => {
  await using plain = Client.create({ endpoints: [a.url], fleet: 'any' });
  for (const value of [
    '',
    'x',
    '{}',
    '{"uuid":"x","generation":1}',
    `{"uuid":"${fleetA.uuid}","generation":0}`,
    'null',
    '[',
  ]) {
    await plain.set(`${namespace}/hawser/fleet`, value);
    await using client = Client.create({ endpoints: [a.url], namespace });
    await client.set('/x', value);
    await client.setIfChanged('/x', `${value}!`);
    t.is((await client.get('/x'))?.value.toString(), `${value}!`);
    t.is(client.fleet, undefined);
    await t.throwsAsync(makeFleet(client, fleetA), { code: 'invalid' });
    await plain.set(
      `${namespace}/hawser/fleet`,
      `{ "generation": 1, "uuid": "${fleetA.uuid}", "more": true }`,
    );
    await client.set('/x', 'of a fleet now');
    t.deepEqual(client.fleet, fleetA);
  }
});
