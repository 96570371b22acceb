import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestFn } from 'ava';
import { type Client, type Report, registerAgent, type World, WorldError } from '../../world/index.js';

/** What the conformance tests need of a World: they are the same for each way to reach etcd. */
export interface Subject {
  /** Opens the World of one fleet; the same fleet for the same namespace. */
  open(hostname: string, namespace: string): Promise<World & { readonly client: Client }>;
}

let fleets = 0;

function newFleet(): string {
  fleets += 1;
  return `/fleet${fleets}-${process.pid}`;
}

export async function next(pulses: AsyncIterator<void>): Promise<void> {
  const result = await pulses.next();
  if (result.done === true) throw new Error('the watch ended');
}

/** Registers the tests that every World must pass. */
export function conforms(test: TestFn, subject: () => Subject): void {
  test('a string is read back, replaced and deleted', async (t) => {
    await using world = await subject().open('h1', newFleet());
    await world.strSet('motd', 'hello');
    t.is(await world.strGet('motd'), 'hello');
    await world.strSet('motd', '');
    t.is(await world.strGet('motd'), '');
    await world.strDel('motd');
    const error = await t.throwsAsync(world.strGet('motd'), { instanceOf: WorldError, code: 'not-found' });
    t.true(world.strIsNotExist(error));
    await t.notThrowsAsync(world.strDel('motd'));
  });

  test('an unchanged string is not written again', async (t) => {
    await using world = await subject().open('h1', newFleet());
    await world.strSet('motd', 'hello');
    const before = await world.client.get('/strings/motd');
    await world.strSet('motd', 'hello');
    t.deepEqual(await world.client.get('/strings/motd'), before);
  });

  test('names that could not be told apart in etcd are refused', async (t) => {
    await using world = await subject().open('h1', newFleet());
    for (const key of ['', '/a', 'a/', 'a\0b']) {
      await t.throwsAsync(world.strSet(key, 'x'), { instanceOf: WorldError, code: 'invalid' });
      t.throws(() => world.strMapWatch(key), { instanceOf: WorldError, code: 'invalid' });
    }
    await t.throwsAsync(subject().open('a/b', newFleet()), { instanceOf: WorldError, code: 'invalid' });
  });

  test('a string map holds one value for each host, beside a string of the same key', async (t) => {
    const fleet = newFleet();
    await using first = await subject().open('h1', fleet);
    await using second = await subject().open('h2', fleet);
    t.deepEqual(await first.strMapGet('ip'), new Map());
    await first.strSet('ip', 'a string');
    await first.strMapSet('ip', '10.0.0.1');
    await second.strMapSet('ip', '10.0.0.2');
    await second.strMapSet('ip/v6', '::2');
    t.deepEqual(
      await first.strMapGet('ip'),
      new Map([
        ['h1', '10.0.0.1'],
        ['h2', '10.0.0.2'],
      ]),
    );
    t.is(await first.strGet('ip'), 'a string');
    await first.strMapDel('ip');
    t.deepEqual(await second.strMapGet('ip'), new Map([['h2', '10.0.0.2']]));
  });

  test('a watch pulses once when it stands and once more after a change by anyone', async (t) => {
    const fleet = newFleet();
    await using world = await subject().open('h1', fleet);
    await using other = await subject().open('h2', fleet);
    const pulses = world.strWatch('motd')[Symbol.asyncIterator]();
    await next(pulses);
    const second = pulses.next();
    await other.strSet('other', 'x');
    await other.strSet('motd', 'hello');
    t.false((await second).done);
    t.is(await world.strGet('motd'), 'hello');
    t.true((await pulses.return?.())?.done);
  });

  test('a burst of changes while the reader is busy is one pulse', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const pulses = world.strMapWatch('load')[Symbol.asyncIterator]();
    await next(pulses);
    for (let value = 0; value < 20; value += 1) await world.strMapSet('load', String(value));
    let seen = 0;
    while ((await world.strMapGet('load')).get('h1') !== '19' || seen === 0) {
      await next(pulses);
      seen += 1;
    }
    t.true(seen < 20, `${seen} pulses for 20 changes`);
    await pulses.return?.();
  });

  test('a watch can be left while it waits for a change', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const pulses = world.strWatch('motd')[Symbol.asyncIterator]();
    await next(pulses);
    const waiting = pulses.next();
    await pulses.return?.();
    t.true((await waiting).done);
  });

  test('a watch returns when its signal aborts, and when the World closes', async (t) => {
    const world = await subject().open('h1', newFleet());
    const controller = new AbortController();
    const aborted = world.watchDeploy({ signal: controller.signal })[Symbol.asyncIterator]();
    const closed = world.watchAgents()[Symbol.asyncIterator]();
    await next(aborted);
    await next(closed);
    const ends = [aborted.next(), closed.next()];
    controller.abort();
    t.true((await ends[0])?.done);
    await world.close();
    t.true((await ends[1])?.done);
    await world.close();
    await t.throwsAsync(world.strGet('motd'), { instanceOf: WorldError, code: 'closed' });
  });

  test('an operation that is aborted rejects with the reason of its signal', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const reason = new Error('enough');
    t.is(
      await world.strGet('motd', { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error),
      reason,
    );
    t.is(
      await world.strSet('motd', '', { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error),
      reason,
    );
  });

  test('deploys are numbered from 1, hold their payload and hash, and are listed in order', async (t) => {
    await using world = await subject().open('h1', newFleet());
    t.is(await world.getMaxDeployId(), 0);
    t.is(await world.getDeploy(0), '');
    t.is(await world.getDeployHash(0), '');
    await t.throwsAsync(world.getDeploy(1), { instanceOf: WorldError, code: 'not-found' });
    for (let id = 1; id <= 11; id += 1)
      await world.addDeploy(id, id === 3 ? '' : `hash ${id}`, '', `payload ${id}`);
    t.is(await world.getMaxDeployId(), 11);
    t.is(await world.getDeploy(10), 'payload 10');
    t.is(await world.getDeployHash(10), 'hash 10');
    t.is(await world.getDeployHash(3), '');
    t.deepEqual([...(await world.getDeploys()).keys()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('a deploy that is taken, leaves a gap or breaks the chain of hashes is a conflict and changes nothing', async (t) => {
    await using world = await subject().open('h1', newFleet());
    await world.addDeploy(1, 'a', '', 'one');
    const conflict = { instanceOf: WorldError, code: 'conflict' };
    await t.throwsAsync(world.addDeploy(1, 'a', '', 'one'), { ...conflict, message: /exists already/ });
    await t.throwsAsync(world.addDeploy(3, 'c', '', 'three'), { ...conflict, message: /no deploy 2/ });
    await t.throwsAsync(world.addDeploy(2, 'b', 'x', 'two'), { ...conflict, message: /hash a where x/ });
    await t.throwsAsync(world.addDeploy(0, 'b', 'x', 'two'), { instanceOf: WorldError, code: 'invalid' });
    t.deepEqual(await world.getDeploys(), new Map([[1, 'one']]));
    await t.notThrowsAsync(world.addDeploy(2, 'b', 'a', 'two'));
  });

  test('of two who add the same deploy one succeeds and one meets a conflict', async (t) => {
    const fleet = newFleet();
    await using first = await subject().open('h1', fleet);
    await using second = await subject().open('h2', fleet);
    const results = await Promise.allSettled([
      first.addDeploy(1, 'a', '', 'same payload'),
      second.addDeploy(1, 'a', '', 'same payload'),
    ]);
    t.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
    for (const result of results) if (result.status === 'rejected') t.is(result.reason.code, 'conflict');
  });

  test('what another program left beside the deploys is no deploy', async (t) => {
    await using world = await subject().open('h1', newFleet());
    await world.addDeploy(1, '', '', 'one');
    for (const key of ['/deploy/x/payload', '/deploy/07/payload', '/deploy/9/other', '/deploy/8']) {
      await world.client.set(key, '?');
    }
    t.is(await world.getMaxDeployId(), 1);
    t.deepEqual(await world.getDeploys(), new Map([[1, 'one']]));
  });

  test('hosts report on a deploy, and a report that cannot be read is left out', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const report: Report = {
      hostname: 'h1',
      state: 'applying',
      message: 'Starting.',
      at: '2026-01-01T00:00:00Z',
      current: 0,
    };
    const pulses = world.watchReports(7)[Symbol.asyncIterator]();
    await next(pulses);
    await world.setReport(7, report);
    await next(pulses);
    await world.client.set('/reports/7/h2', 'not JSON');
    await world.client.set('/reports/7/h3', '{"state":"unheard of"}');
    t.deepEqual(await world.getReports(7), new Map([['h1', report]]));
    t.deepEqual(await world.getReports(8), new Map());
    await t.throwsAsync(world.setReport(7, { ...report, hostname: 'h9' }), { code: 'invalid' });
    await pulses.return?.();
  });

  test('an agent is listed while its session lives, and a second one of its name is turned away', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const { client } = world;
    const agent = {
      hostname: 'h1',
      instance: 'i1',
      version: '1.0.0',
      startedAt: '2026-01-01T00:00:00Z',
      pid: 4242,
    };
    await using session = await client.session();
    await registerAgent(client, agent, session);
    t.deepEqual(await world.getAgents(), new Map([['h1', agent]]));
    await registerAgent(client, agent, session);

    await using rival = await client.session();
    const second = registerAgent(client, { ...agent, instance: 'i2' }, rival);
    await t.throwsAsync(second, { instanceOf: WorldError, code: 'conflict', message: /pid 4242/ });

    const restarted = { ...agent, pid: 4343 };
    await registerAgent(client, restarted, rival);
    await session.close();
    t.deepEqual(await world.getAgents(), new Map([['h1', restarted]]));
    await rival.close();
    t.deepEqual(await world.getAgents(), new Map());
  });

  test('the ideal cluster size has a default, is set, and must be a number', async (t) => {
    await using world = await subject().open('h1', newFleet());
    t.is(await world.idealClusterSizeGet(), 5);
    await world.idealClusterSizeSet(3);
    t.is(await world.idealClusterSizeGet(), 3);
    for (const size of [0, -1, 1.5, Number.NaN]) {
      await t.throwsAsync(world.idealClusterSizeSet(size), { instanceOf: WorldError, code: 'invalid' });
    }
    await world.client.set('/chooser/dynamicsize/idealclustersize', 'many');
    await t.throwsAsync(world.idealClusterSizeGet(), { instanceOf: WorldError, code: 'invalid' });
  });

  test('the members of the cluster are listed', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const members = await world.members();
    t.is(members.length, 1);
    t.regex(String(members[0]?.id), /^[0-9]{10,20}$/);
    t.deepEqual(
      [(await world.client.status()).memberId],
      members.map((member) => member.id),
    );
  });

  test('a folder is stored, stored again for nothing, and written back the same', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-tree-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await mkdir(path.join(folder, 'from/.git'), { recursive: true });
    await writeFile(path.join(folder, 'from/.git/HEAD'), 'left out');
    await writeFile(path.join(folder, 'from/run.sh'), '#!/bin/sh\n', { mode: 0o750 });
    await symlink('run.sh', path.join(folder, 'from/start'));
    const large = Buffer.alloc(700_000, 'some text, ');
    await writeFile(path.join(folder, 'from/large'), large);

    const stored = await world.putTree(path.join(folder, 'from'));
    t.like(stored, { files: 2, sizeBytes: 700_010 });
    t.like(await world.putTree(path.join(folder, 'from')), { tree: stored.tree, uploadedBlocks: 0 });
    await world.getTree(stored.tree, path.join(folder, 'to'));
    t.deepEqual(await readFile(path.join(folder, 'to/large')), large);
    t.is((await world.putTree(path.join(folder, 'to'))).tree, stored.tree);
    await t.throwsAsync(world.getTree(stored.tree, path.join(folder, 'to')), { code: 'conflict' });
    await t.throwsAsync(world.getTree('0'.repeat(64), path.join(folder, 'nope')), { code: 'not-found' });
  });
}
