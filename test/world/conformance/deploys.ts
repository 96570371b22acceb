import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestFn } from 'ava';
import { type Report, WorldError } from '../../../world/index.js';
import { registerAgent } from '../../../world/internal.js';
import { newFleet, next, type Subject } from './subject.js';

/** The part of the conformance tests that is about deploys, and about who applies them. */
export function deploysConform(test: TestFn, subject: () => Subject): void {
  test.serial(
    'deploys are numbered from 1, hold their payload and hash, and are listed in order',
    async (t) => {
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
    },
  );

  test.serial(
    'a deploy that is taken, leaves a gap or breaks the chain of hashes is a conflict and changes nothing',
    async (t) => {
      await using world = await subject().open('h1', newFleet());
      await world.addDeploy(1, 'a', '', 'one');
      const conflict = { instanceOf: WorldError, code: 'conflict' };
      await t.throwsAsync(world.addDeploy(1, 'a', '', 'one'), { ...conflict, message: /already exists/ });
      await t.throwsAsync(world.addDeploy(3, 'c', '', 'three'), { ...conflict, message: /no deploy 2/ });
      await t.throwsAsync(world.addDeploy(2, 'b', 'x', 'two'), {
        ...conflict,
        message: /hash a instead of x/,
      });
      await t.throwsAsync(world.addDeploy(0, 'b', 'x', 'two'), { instanceOf: WorldError, code: 'invalid' });
      t.deepEqual(await world.getDeploys(), new Map([[1, 'one']]));
      await t.notThrowsAsync(world.addDeploy(2, 'b', 'a', 'two'));
    },
  );

  test.serial('of two who add the same deploy one succeeds and one meets a conflict', async (t) => {
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

  test.serial('what another program left beside the deploys is no deploy', async (t) => {
    await using world = await subject().open('h1', newFleet());
    await world.addDeploy(1, '', '', 'one');
    for (const key of ['/deploy/x/payload', '/deploy/07/payload', '/deploy/9/other', '/deploy/8']) {
      await world.client.set(key, '?');
    }
    t.is(await world.getMaxDeployId(), 1);
    t.deepEqual(await world.getDeploys(), new Map([[1, 'one']]));
  });

  test.serial('hosts report on a deploy, and a report that cannot be read is left out', async (t) => {
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

  test.serial(
    'an agent is listed while its session lives, and a second one of its name is turned away',
    async (t) => {
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

      const restarted = { ...agent, pid: 4343, labels: { zone: 'a' }, address: '10.0.0.7' };
      await registerAgent(client, restarted, rival);
      await session.close();
      t.deepEqual(await world.getAgents(), new Map([['h1', restarted]]));
      await using other = await client.session();
      const third = registerAgent(client, { ...agent, instance: 'i3' }, other);
      await t.throwsAsync(third, {
        code: 'conflict',
        message: /is already running on 10\.0\.0\.7 \(pid 4343/,
      });
      await rival.close();
      t.deepEqual(await world.getAgents(), new Map());
    },
  );

  test.serial('pruning keeps the newest deploys, and the chain goes on', async (t) => {
    await using world = await subject().open('h1', newFleet());
    t.is(await world.pruneDeploys(1), 0);
    for (let id = 1; id <= 50; id += 1)
      await world.addDeploy(id, `hash ${id}`, id === 1 ? '' : `hash ${id - 1}`, `payload ${id}`);
    const report: Report = { hostname: 'h1', state: 'healthy', message: '', at: '', current: 1 };
    await world.setReport(1, report);
    await world.setReport(48, report);
    t.is(await world.pruneDeploys(50), 0);
    t.is(await world.pruneDeploys(3), 47);
    t.deepEqual([...(await world.getDeploys()).keys()], [48, 49, 50]);
    t.is(await world.getDeployHash(47), '');
    t.deepEqual(await world.getReports(1), new Map());
    t.is((await world.getReports(48)).size, 1);
    // A hash whose deploy another program deleted.
    await world.client.set('/deploy/2/hash', 'x');
    t.is(await world.pruneDeploys(1), 1);
    t.deepEqual([...(await world.getDeploys()).keys()], [48, 50], 'h1 runs 48');
    t.is(await world.getDeployHash(2), '');
    t.is(await world.getMaxDeployId(), 50);
    await t.throwsAsync(world.addDeploy(51, 'b', 'not it', 'x'), { code: 'conflict' });
    await world.addDeploy(51, 'hash 51', 'hash 50', 'payload 51');
    t.is(await world.getMaxDeployId(), 51);
    for (const keep of [0, -1, 1.5, Number.NaN]) {
      await t.throwsAsync(world.pruneDeploys(keep), { instanceOf: WorldError, code: 'invalid' });
    }
  });

  test.serial(
    'pruning never takes what a host runs, or says it went back to, also one that is away',
    async (t) => {
      await using world = await subject().open('h1', newFleet());
      for (let id = 1; id <= 9; id += 1) await world.addDeploy(id, '', '', `payload ${id}`);
      const say = (hostname: string, id: number, state: Report['state'], current: number) => {
        const report: Report = { hostname, state, message: '', at: '', current };
        return world.client.set(`/reports/${id}/${hostname}`, JSON.stringify(report));
      };
      await say('good', 1, 'healthy', 1);
      await say('good', 2, 'healthy', 2);
      await say('back', 1, 'healthy', 1);
      await say('back', 3, 'failed', 1);
      await say('busy', 4, 'healthy', 4);
      await say('busy', 6, 'applying', 4);
      await world.client.set('/reports/7/strange', 'not JSON');
      await world.client.set('/reports/x/y', '');
      t.is(await world.pruneDeploys(1), 2);
      const kept = [1, 2, 3, 4, 6, 7, 9];
      t.deepEqual([...(await world.getDeploys()).keys()], kept);
      t.is(await world.pruneDeploys(1), 0);
      t.deepEqual([...(await world.getDeploys()).keys()], kept);
      for (const hostname of ['good', 'back', 'busy', 'strange']) await say(hostname, 9, 'healthy', 9);
      t.is(await world.pruneDeploys(1), 6);
      t.deepEqual([...(await world.getReports(9)).keys()].sort(), ['back', 'busy', 'good', 'strange']);
    },
  );

  test.serial('a person stops, resumes and confirms deploys, and their hosts are told', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const record = (id: number, change: object) =>
      world.client.set(
        `/hawser/deploys/rollouts/${id}`,
        JSON.stringify({ app: 'shop', admitted: 0, since: '', ...change }),
      );
    for (const id of [1, 2, 3]) {
      const deployment = { hawser: 1, name: 'shop', message: '', author: '', createdAt: '', noop: false };
      const more = { tree: 'a'.repeat(64), hosts: ['h1'], manifest: { name: 'shop' } };
      await world.addDeploy({ id, payload: JSON.stringify({ ...deployment, ...more }) });
    }
    await world.addDeploy(4, '', '', 'of another program');
    t.is(await world.getRollout(1), undefined);
    const pulses = world.watchApps()[Symbol.asyncIterator]();
    await next(pulses);
    await world.confirmDeploy(1, { by: 'ann' });
    await next(pulses);
    t.like(await world.getRollout(1), {
      app: 'shop',
      phase: 'running',
      admitted: 1,
      confirmed: true,
      by: 'ann',
    });
    await world.abortDeploy(1, { by: 'ann', reason: 'wrong branch' });
    await next(pulses);
    const stopping = {
      phase: 'going-back',
      goingBackTo: 'stopped',
      reason: 'wrong branch',
      by: 'ann',
    } as const;
    t.like(await world.getRollout(1), stopping);
    await t.throwsAsync(world.confirmDeploy(1), { instanceOf: WorldError, code: 'conflict' });
    await record(2, { phase: 'paused', verdict: 'paused' });
    await world.client.set(
      '/reports/2/h1',
      JSON.stringify({ hostname: 'h1', state: 'failed', message: '', at: '', current: 1 }),
    );
    await world.resumeDeploy(2);
    t.like(await world.getRollout(2), { phase: 'running', verdict: undefined, forgiven: ['h1'] });
    await record(3, { phase: 'done', verdict: 'healthy' });
    await t.throwsAsync(world.abortDeploy(3), {
      code: 'conflict',
      message: /has ended: it is healthy.*rollback/,
    });
    await t.throwsAsync(world.abortDeploy(4), { code: 'invalid' });
    await t.throwsAsync(world.abortDeploy(5), { code: 'not-found' });
    await t.throwsAsync(world.getRollout(0), { code: 'invalid' });
    await pulses.return?.();
  });

  test.serial('a directory is stored, stored again for nothing, and written back the same', async (t) => {
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
    await mkdir(path.join(folder, 'to/out/in'), { recursive: true });
    await writeFile(path.join(folder, 'to/out/in/file'), 'left out');
    await writeFile(path.join(folder, 'to/out.log'), 'left out');
    const isLeftOut = (file: string, isDirectory: boolean): boolean =>
      isDirectory ? file === 'out' : file.endsWith('.log');
    t.is((await world.putTree(path.join(folder, 'to'), { isLeftOut })).tree, stored.tree);
    const described = await world.describeFolder(path.join(folder, 'to'));
    const out = ['out', 'out.log', 'out/in', 'out/in/file'];
    const paths = (changes: readonly { path: string }[]) => changes.map(({ path }) => path);
    t.deepEqual(paths(await world.diffTrees(stored.tree, described)), out);
    t.deepEqual(await world.diffTrees(stored.tree, stored.tree), []);
    t.deepEqual(paths(await world.diffTrees(stored.tree, undefined)), ['large', 'run.sh', 'start']);
    await t.throwsAsync(world.diffTrees('0'.repeat(64), described), { code: 'not-found' });
    await t.throwsAsync(world.getTree(stored.tree, path.join(folder, 'to')), { code: 'conflict' });
    await t.throwsAsync(world.getTree('0'.repeat(64), path.join(folder, 'nope')), { code: 'not-found' });
  });
}
