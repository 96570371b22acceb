import test from 'ava';
import fc from 'fast-check';
import { compose, inOrder } from '../../../world/cluster/follow-endpoints.js';
import { Client, followEndpoints } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { take, takeKeys } from '../helpers/fleet.js';

/** Otherwise etcd takes a change of its members every five seconds only. */
const unchecked = ['--strict-reconfig-check=false'];

/** Collects what a following tells; `until` resolves when it tells of just these hosts. */
class Told {
  #last: readonly string[] | undefined;
  #waiting: (() => void)[] = [];

  readonly onChange = (advertised: ReadonlyMap<string, readonly string[]>): void => {
    this.#last = [...advertised.keys()].sort();
    for (const wake of this.#waiting.splice(0)) wake();
  };

  async until(...hosts: readonly string[]): Promise<void> {
    while (this.#last?.join() !== hosts.join()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    // The client takes them over right after it was told.
    await Promise.resolve();
  }
}

test.serial(
  'a client goes on where the fleet does, though no server that it began with is left',
  async (t) => {
    const [first] = await Etcd.cluster(1, unchecked);
    if (first === undefined) throw new Error('there is no first server');
    await using _ = first;
    const told = new Told();
    await using client = Client.create({ endpoints: [first.url], namespace: '/f' });
    await using following = followEndpoints(client, { seeds: [first.url], onChange: told.onChange });
    const watch = client.watch({ key: '/w/', prefix: true });
    await take(watch);
    await client.set('/endpoints/h1', first.url);
    await told.until('h1');
    t.deepEqual(client.endpoints, [first.url]);

    let id = '';
    await using second = await Etcd.join(
      'm2',
      async (peerUrl) => {
        const added = await client.cluster.memberAdd([peerUrl], { learner: true });
        id = added.id;
        return added.members;
      },
      unchecked,
    );
    await promoted(client, id);
    await client.set('/endpoints/h2', second.url);
    await told.until('h1', 'h2');
    await client.set('/w/1', '');
    await client.cluster.moveLeader(id);
    const { memberId } = await client.cluster.status(first.url);
    await client.del('/endpoints/h1', { repeatable: true });
    await told.until('h2');
    // The seed is the last resort.
    t.deepEqual(client.endpoints, [second.url, first.url]);
    await client.cluster.memberRemove(memberId);
    await first.kill();
    await client.set('/w/2', '');
    t.deepEqual(await takeKeys(watch, 2), ['/w/1', '/w/2']);
    await watch.return?.();
    await following.close();
  },
);

async function promoted(client: Client, id: string): Promise<void> {
  for (;;) {
    const done = await client.cluster.memberPromote(id).then(
      () => true,
      () => false,
    );
    if (done) return;
  }
}

test.serial(
  'the local server comes first while there is one, and a fleet that advertises nothing is not lost',
  async (t) => {
    await using etcd = await Etcd.start();
    const told = new Told();
    const warnings: string[] = [];
    let local: string | undefined;
    await using client = Client.create({ endpoints: [etcd.url, 'http://127.0.0.1:1'], namespace: '/f' });
    const following = followEndpoints(client, {
      seeds: ['127.0.0.1:2', etcd.url],
      local: () => local,
      onChange: told.onChange,
      log: (level, message) => level === 'warn' && warnings.push(message),
    });
    await told.until();
    t.deepEqual(client.endpoints, [etcd.url, 'http://127.0.0.1:1', 'http://127.0.0.1:2']);
    await client.set('/endpoints/h4', 'gopher://nowhere');
    await client.set('/endpoints/h3', `http://127.0.0.1:3,${etcd.url}`);
    await told.until('h3');
    t.regex(String(warnings), /\/endpoints\/h4/);
    t.deepEqual(client.endpoints.slice(0, 2).sort(), ['http://127.0.0.1:3', etcd.url].sort());
    // What was used before, and at last the seeds.
    t.deepEqual(client.endpoints.slice(2), ['http://127.0.0.1:1', 'http://127.0.0.1:2']);

    local = 'http://127.0.0.1:4';
    following.refresh();
    t.is(client.endpoints[0], local);
    t.is(client.endpoints.length, 5);
    local = undefined;
    following.refresh();
    t.is(client.endpoints.length, 4);
    await client.del('/endpoints/h3', { repeatable: true });
    await told.until();
    t.is(client.endpoints.length, 4);
    await client.set('/endpoints/h5', 'http://127.0.0.1:5');
    await told.until('h5');
    t.is(client.endpoints[0], 'http://127.0.0.1:5');
    t.true(client.endpoints.includes('http://127.0.0.1:3'), 'one that went before may come back first');
    t.truthy(await client.get('/endpoints/h4'));

    await Promise.all([following.close(), following.close()]);
    local = 'http://127.0.0.1:4';
    following.refresh();
    t.is(client.endpoints.length, 5);
  },
);

test.serial('an aborted signal ends the following, as closing the client does', async (t) => {
  await using etcd = await Etcd.start();
  const controller = new AbortController();
  const client = Client.create({ endpoints: [etcd.url] });
  const one = followEndpoints(client, { seeds: [], signal: controller.signal });
  const other = followEndpoints(client, { seeds: [] });
  controller.abort();
  await one.close();
  await client.close();
  await other.close();
  t.pass();
});

test.serial('processes prefer different servers, each always the same, and none is named twice', (t) => {
  const urls = fc.uniqueArray(
    fc.nat(60_000).map((port) => `http://10.0.0.1:${port + 1}`),
    { maxLength: 9 },
  );
  fc.assert(
    fc.property(urls, fc.string(), fc.nat(8), (all, salt, index) => {
      const order = inOrder(all, salt);
      t.deepEqual([...order].sort(), [...all].sort());
      t.deepEqual(inOrder([...all].reverse(), salt), order);
      const gone = all[index];
      const rest = all.filter((url) => url !== gone);
      t.deepEqual(
        inOrder(rest, salt),
        order.filter((url) => url !== gone),
      );
      const used = compose(gone, order, all);
      t.deepEqual([...used].sort(), [...all].sort());
      if (gone !== undefined) t.is(used[0], gone);
    }),
  );
  const firsts = new Set(
    Array.from(
      { length: 50 },
      (_, salt) => inOrder(['http://a:1', 'http://b:1', 'http://c:1'], String(salt))[0],
    ),
  );
  t.is(firsts.size, 3);
});
