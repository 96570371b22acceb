import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { Client, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { bench, losingAnswer } from '../helpers/fleet.js';
import { Link } from '../helpers/link.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial('a read or write waits for an etcd that comes back within its time', async (t) => {
  const { client, direct, link } = await bench(t, etcd);
  link.down();
  const read = client.get('/k');
  const write = client.set('/k', 'sent once');
  const told = Promise.all([read, write]);
  await direct.set('/other', '');
  link.up();
  await t.notThrowsAsync(told);
  t.is((await direct.get('/k'))?.version, 1n);
});

test.serial('an unreachable etcd makes reads and writes unavailable, naming the endpoint', async (t) => {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  await using client = Client.create({ endpoints: [endpoint] });
  for (const call of [client.get('/k', { timeoutMs: 300 }), client.set('/k', '', { timeoutMs: 300 })]) {
    const error = await t.throwsAsync(call, { instanceOf: WorldError, code: 'unavailable' });
    t.like(error, { endpoint, key: '/k' });
  }
});

test.serial('a write whose answer is lost is confirmed by reading back and never sent twice', async (t) => {
  const on = await bench(t, etcd);
  await t.notThrowsAsync(losingAnswer(on, '/k', () => on.client.set('/k', 'once')));
  t.is((await on.direct.get('/k'))?.version, 1n);
});

test.serial('when reading back does not tell, the outcome of a write is unknown', async (t) => {
  const on = await bench(t, etcd);
  const overwritten = async (): Promise<void> => {
    const write = on.client.set('/k', 'once');
    write.catch(() => undefined);
    while ((await on.direct.get('/k'))?.value.toString() !== 'once');
    await on.direct.set('/k', 'by another');
    return write;
  };
  await t.throwsAsync(losingAnswer(on, '/k', overwritten, 2), {
    instanceOf: WorldError,
    code: 'outcome-unknown',
  });
  await on.direct.set('/same', 'x');
  await on.client.get('/same');
  on.link.blackHole();
  const lost = t.throwsAsync(on.client.set('/same', 'x'), { code: 'outcome-unknown' });
  // Each is a round trip to disk, so that the write has left the client by then.
  for (let count = 0; count < 5; count += 1) await on.direct.set('/elsewhere', 'x');
  on.link.heal();
  on.link.cut();
  await lost;
  t.is((await on.direct.get('/same'))?.version, 1n);
  const sent = losingAnswer(on, '/t', () => on.client.txn({ success: [{ put: '/t', value: 'x' }] }));
  await t.throwsAsync(sent, { instanceOf: WorldError, code: 'outcome-unknown' });
  t.is((await on.direct.get('/t'))?.version, 1n);
});

test.serial('a write that may be repeated settles a lost answer by itself', async (t) => {
  const on = await bench(t, etcd);
  await losingAnswer(on, '/k', () => on.client.setIfChanged('/k', 'value'));
  t.like(await on.direct.get('/k'), { version: 1n });
  const put = { success: [{ put: '/k', value: 'v' }] };
  t.true((await losingAnswer(on, '/k', () => on.client.txn(put, { repeatable: true }))).repeated);
});

test.serial(
  'a value that was lost under way is written again, unless somebody wrote the key meanwhile',
  async (t) => {
    const on = await bench(t, etcd);
    await on.direct.set('/k', 'before');
    await on.client.get('/k');
    on.link.blackHole();
    const write = on.client.setIfChanged('/k', 'mine');
    const del = on.client.delIfPresent('/gone');
    for (let count = 0; count < 5; count += 1) await on.direct.set('/elsewhere', 'x');
    on.link.heal();
    on.link.cut();
    await Promise.all([write, del]);
    t.like(await on.direct.get('/k'), { version: 2n });
    await on.client.get('/k');
    on.link.blackHole();
    const overtaken = [on.client.setIfChanged('/k', 'late'), on.client.delIfPresent('/k')];
    for (const one of overtaken) one.catch(() => undefined);
    for (let count = 0; count < 5; count += 1) await on.direct.set('/k', `other ${count}`);
    on.link.heal();
    on.link.cut();
    for (const one of overtaken)
      await t.throwsAsync(one, { instanceOf: WorldError, code: 'outcome-unknown' });
    t.is((await on.direct.get('/k'))?.value.toString(), 'other 4');
  },
);

test.serial('out of time on a dead link, a write is unknown and a read is unavailable', async (t) => {
  const { client, link } = await bench(t, etcd);
  await client.get('/k');
  link.blackHole();
  await t.throwsAsync(client.set('/k', '', { timeoutMs: 300 }), { code: 'outcome-unknown' });
  await t.throwsAsync(client.get('/k', { timeoutMs: 300 }), { code: 'unavailable' });
});

test.serial('an abort ends a call on a dead link with the reason of its signal', async (t) => {
  const { client, link } = await bench(t, etcd);
  await client.get('/k');
  link.blackHole();
  const controller = new AbortController();
  const calls = [
    client.get('/k', controller),
    client.set('/k', '', controller),
    client.list('/', controller),
  ];
  const reason = new Error('enough');
  controller.abort(reason);
  for (const call of calls)
    t.is(
      await call.then(
        () => undefined,
        (error: unknown) => error,
      ),
      reason,
    );
});

test.serial('closing ends calls on a dead link', async (t) => {
  const { client, link } = await bench(t, etcd);
  await client.get('/k');
  link.blackHole();
  const call = t.throwsAsync(client.get('/k'), { instanceOf: WorldError, code: 'closed' });
  await client.close();
  await call;
});

test.serial('with several endpoints the loss of one is not noticed', async (t) => {
  await using dead = await Link.to(await freePort());
  await using link = await Link.to(etcd.port);
  await using client = Client.create({ endpoints: [dead.url, link.url, etcd.url], namespace: '/several' });
  await client.set('/k', '1');
  link.down();
  t.is((await client.get('/k'))?.value.toString(), '1');
  await client.set('/k', '2');
  t.is((await client.get('/k'))?.value.toString(), '2');
});

test.serial('calls move to other endpoints when told, and those in flight are answered', async (t) => {
  const { client } = await bench(t, etcd);
  const before = client.set('/k', '1');
  await client.get('/k');
  client.setEndpoints([etcd.url]);
  await before;
  await client.set('/k', '2');
  t.is((await client.get('/k'))?.version, 2n);
  t.throws(() => client.setEndpoints([]), { code: 'invalid' });
});

test.serial(
  'acknowledged writes are there and unacknowledged ones are not doubled, however often the link is cut',
  async (t) => {
    const { client, direct, link } = await bench(t, etcd);
    const acknowledged: string[] = [];
    let unknown = 0;
    const write = async (lane: number): Promise<void> => {
      for (let index = 0; index < 60; index += 1) {
        const key = `/w/${lane}/${index}`;
        try {
          await client.set(key, 'x');
          acknowledged.push(key);
        } catch (error) {
          if (!(error instanceof WorldError) || error.code !== 'outcome-unknown') throw error;
          unknown += 1;
        }
        if (lane === 0 && index % 5 === 0) link.cut();
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    const { entries } = await direct.list('/w/');
    const versions = new Map(entries.map((entry) => [entry.key, entry.version]));
    t.true(acknowledged.every((key) => versions.has(key)));
    t.true(entries.every((entry) => entry.version === 1n));
    t.is(acknowledged.length + unknown, 240);
  },
);
