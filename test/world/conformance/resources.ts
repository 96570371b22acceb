import type { TestFn } from 'ava';
import { WorldError } from '../../../world/index.js';
import { newFleet, next, type Subject } from './subject.js';

/** The part of the conformance tests that is about exported resources. */
export function resourcesConform(test: TestFn, subject: () => Subject): void {
  test.serial(
    'a host collects what was exported for it or for every host, by any of its filters',
    async (t) => {
      const fleet = newFleet();
      await using first = await subject().open('h1', fleet);
      await using second = await subject().open('h2', fleet);
      const file = { kind: 'file', name: '/etc/motd', data: 'hello' };
      const exported = await first.resExport([
        file,
        { kind: 'file', name: 'für h2/ä', host: 'h2', data: '' },
        { kind: 'svc', name: 'ssh', host: 'h1', data: 'up' },
      ]);
      t.true(exported.changed);
      t.true((await second.resExport([{ kind: 'svc', name: 'ssh', host: '', data: 'down' }])).changed);
      const all = [
        { kind: 'file', name: 'für h2/ä', host: 'h1', data: '' },
        { kind: 'file', name: '/etc/motd', host: 'h1', data: 'hello' },
        { kind: 'svc', name: 'ssh', host: 'h2', data: 'down' },
      ];
      t.deepEqual(await second.resCollect([{}]), all);
      t.deepEqual(await second.resCollect([]), []);
      t.deepEqual(await second.resCollect([{ kind: 'svc' }]), all.slice(2));
      t.deepEqual(await second.resCollect([{ host: 'h1', kind: '' }, { name: 'nope' }]), all.slice(0, 2));
      t.deepEqual(await second.resCollect([{ host: 'h1' }, { host: 'h1', kind: 'file' }]), all.slice(0, 2));
      t.deepEqual(
        await second.resCollect([{ host: 'h1', kind: 'file', name: '/etc/motd' }]),
        all.slice(1, 2),
      );
      t.deepEqual(await first.resCollect([{ kind: 'svc', host: 'h1' }]), [
        { kind: 'svc', name: 'ssh', host: 'h1', data: 'up' },
      ]);
    },
  );

  test.serial('exporting or deleting what is so already says so and writes nothing', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const many = Array.from({ length: 300 }, (_, n) => ({ kind: 'k', name: `n${n}`, data: `data ${n}` }));
    t.false((await world.resExport([])).changed);
    t.true((await world.resExport(many)).changed);
    const before = await world.client.list('/exported/');
    t.is(before.entries.length, 300);
    t.false((await world.resExport([...many, ...many.slice(0, 5)])).changed);
    t.deepEqual((await world.client.list('/exported/')).entries, before.entries);
    t.true((await world.resExport([...many.slice(1), { kind: 'k', name: 'n0', data: 'new' }])).changed);
    const after = await world.client.list('/exported/');
    t.is(after.entries.filter(({ modRevision }) => modRevision > before.revision).length, 1);
    t.true((await world.resDelete(many.slice(0, 290))).changed);
    t.false((await world.resDelete(many.slice(0, 290))).changed);
    t.is((await world.resCollect([{}])).length, 10);
  });

  test.serial('a value that fills a request of etcd is exported, and again for nothing', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const large = [
      { kind: 'k', name: 'large', data: 'x'.repeat(1_400_000) },
      { kind: 'k', name: 'small', data: 'y' },
    ];
    t.true((await world.resExport(large)).changed);
    t.false((await world.resExport(large)).changed);
    t.is((await world.resCollect([{ name: 'large' }]))[0]?.data.length, 1_400_000);
    const tooLarge = world.resExport([{ kind: 'k', name: 'n', data: 'x'.repeat(2_200_000) }]);
    await t.throwsAsync(tooLarge, { instanceOf: WorldError, code: 'too-large' });
  });

  test.serial(
    'resources with a TTL are bound to a lease that exporting the same set again renews',
    async (t) => {
      await using world = await subject().open('h1', newFleet());
      const set = ['a', 'b'].map((name) => ({ kind: 'k', name, data: name }));
      const leases = async () => (await world.client.list('/exported/')).entries.map(({ lease }) => lease);
      t.true((await world.resExport(set, { ttlSeconds: 60 })).changed);
      const [lease, other] = await leases();
      t.true(lease !== '0' && lease === other);
      t.false((await world.resExport([...set].reverse(), { ttlSeconds: 60 })).changed);
      t.deepEqual(await leases(), [lease, lease]);
      t.true((await world.resExport(set.slice(1), { ttlSeconds: 60 })).changed);
      t.is((await leases())[0], lease);
      t.not((await leases())[1], lease);
      t.true((await world.resExport(set)).changed);
      t.deepEqual(await leases(), ['0', '0']);
      for (const ttlSeconds of [0, -1, 1.5, Number.NaN]) {
        await t.throwsAsync(world.resExport(set, { ttlSeconds }), {
          instanceOf: WorldError,
          code: 'invalid',
        });
      }
    },
  );

  test.serial('a watch of resources wakes for its kind and for what this host may see only', async (t) => {
    const fleet = newFleet();
    await using world = await subject().open('h1', fleet);
    await using other = await subject().open('h2', fleet);
    const svc = world.resWatch('svc')[Symbol.asyncIterator]();
    const any = world.resWatch()[Symbol.asyncIterator]();
    await Promise.all([next(svc), next(any)]);
    let woken = false;
    const second = next(svc).then(() => {
      woken = true;
    });
    await other.resExport([{ kind: 'svc', name: 'n', host: 'h2', data: '' }]);
    await other.resExport([{ kind: 'file', name: 'svc', host: 'h1', data: '' }]);
    await next(any);
    t.false(woken);
    await other.resExport([{ kind: 'svc', name: 'n', data: '' }]);
    await second;
    await next(any);
    await other.resDelete([{ kind: 'svc', name: 'n' }]);
    await Promise.all([next(svc), next(any)]);
    const waiting = svc.next();
    await svc.return?.();
    t.true((await waiting).done);
    await any.return?.();
  });

  test.serial('names of resources that could not be told apart are refused', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const invalid = { instanceOf: WorldError, code: 'invalid' };
    for (const bad of [
      { kind: '' },
      { kind: 'a/b' },
      { name: '' },
      { name: 'a\0b' },
      { name: '\ud800' },
      { name: '\uFFFD' },
      { host: 'a/b' },
      { host: 'a,b' },
      { data: '\udc00' },
    ]) {
      const entry = { kind: 'k', name: 'n', data: '', ...bad };
      await t.throwsAsync(world.resExport([entry]), invalid);
      if (!('data' in bad)) await t.throwsAsync(world.resDelete([entry]), invalid);
    }
    t.throws(() => world.resWatch('a/b'), invalid);
    const twice = ['x', 'y'].map((data) => ({ kind: 'k', name: 'n', data }));
    await t.throwsAsync(world.resExport(twice), { ...invalid, message: /twice/ });
    t.is((await world.client.list('/exported/')).entries.length, 0);
  });
}
