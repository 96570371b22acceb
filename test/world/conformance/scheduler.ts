import type { ExecutionContext, TestFn } from 'ava';
import { type ScheduledResult, WorldError } from '../../../world/index.js';
import { newFleet, type Subject } from './subject.js';

/** Reads decisions until one is these hosts; returns what came before it. */
export async function until(
  t: ExecutionContext,
  decisions: AsyncIterator<ScheduledResult>,
  hosts: readonly string[],
): Promise<string[]> {
  const before: string[] = [];
  for (;;) {
    const { value, done } = await decisions.next();
    if (done === true) throw new Error(`ended before ${hosts} were chosen, after ${before.join(' ')}`);
    if (value.hosts.join() === hosts.join()) return before;
    before.push(value.hosts.join());
    t.log(`passed ${value.hosts.join() || 'nobody'} on the way to ${hosts.join() || 'nobody'}`);
  }
}

/** The part of the conformance tests that is about schedules. */
export function schedulerConforms(test: TestFn, subject: () => Subject): void {
  const open = (hostname: string, fleet: string) => subject().open(hostname, fleet);
  const iterate = <T>(iterable: AsyncIterable<T>): AsyncIterator<T> => iterable[Symbol.asyncIterator]();

  test.serial('who takes part sees the same decisions, and who leaves is replaced at once', async (t) => {
    const fleet = newFleet();
    await using first = await open('h1', fleet);
    await using second = await open('h2', fleet);
    await using watcher = await open('watcher', fleet);
    const seen = iterate(watcher.scheduled('job'));
    t.deepEqual((await seen.next()).value, { hosts: [] });
    const mine = iterate(first.scheduler('job', { maxCount: 1, sessionTtlSeconds: 30 }));
    t.deepEqual((await mine.next()).value, { hosts: ['h1'] });
    await until(t, seen, ['h1']);
    const theirs = iterate(second.scheduler('job', { maxCount: 1, sessionTtlSeconds: 30 }));
    t.deepEqual((await theirs.next()).value, { hosts: ['h1'] });
    await mine.return?.();
    await until(t, theirs, ['h2']);
    await until(t, seen, ['h2']);
    await theirs.return?.();
    await until(t, seen, []);
    t.deepEqual(await watcher.schedules(), []);
  });

  test.serial('closing the World of the only host leaves nothing of it in a schedule', async (t) => {
    const fleet = newFleet();
    const host = await open('h1', fleet);
    await using watcher = await open('watcher', fleet);
    const seen = iterate(watcher.scheduled('job'));
    const running = host.schedulerRun();
    t.true((await host.schedulerAdd('job', { sessionTtlSeconds: 30 })).changed);
    await until(t, seen, ['h1']);
    await host.close();
    await running;
    t.deepEqual(await watcher.scheduledGet('job'), { hosts: [] });
    t.is((await watcher.client.list('/scheduler/')).entries.length, 0);
  });

  test.serial('adding and withdrawing say whether nothing had to change, and can only look', async (t) => {
    const fleet = newFleet();
    await using host = await open('h1', fleet);
    const options = { maxCount: 2, hostsFilter: ['h1', 'h2'], sessionTtlSeconds: 20 };
    t.true((await host.schedulerAdd('job', { ...options, apply: false })).changed);
    t.false((await host.schedulerWithdraw('job')).changed);
    t.true((await host.schedulerAdd('job', options)).changed);
    t.false((await host.schedulerAdd('job', options)).changed);
    t.false((await host.schedulerAdd('job', { ...options, apply: false })).changed);
    t.true((await host.schedulerAdd('job', { ...options, maxCount: 3, apply: false })).changed);
    const entry = await host.client.get('/scheduler/hostname/h1/job');
    t.is(
      entry?.value.toString(),
      'strategy=rr&maxCount=2&persist=false&sessionTTL=20&hostsFilter=h1&hostsFilter=h2',
    );
    t.not(entry?.lease, '0');
    t.true((await host.schedulerWithdraw('job', { apply: false })).changed);
    t.true((await host.schedulerWithdraw('job')).changed);
    t.false((await host.schedulerWithdraw('job', { apply: false })).changed);
    t.is(await host.client.get('/scheduler/hostname/h1/job'), undefined);
  });

  test.serial('options can be replaced; a candidate that persists outlives its World', async (t) => {
    const fleet = newFleet();
    const host = await open('h1', fleet);
    await using other = await open('h2', fleet);
    const running = other.schedulerRun();
    const seen = iterate(other.scheduled('job'));
    await host.schedulerAdd('job', { sessionTtlSeconds: 30 });
    await until(t, seen, ['h1']);
    t.true((await host.schedulerAdd('job', { sessionTtlSeconds: 60 })).changed);
    t.true((await host.schedulerAdd('job', { persist: true })).changed);
    await host.close();
    t.deepEqual(await other.schedules(), [{ namespace: 'job', hosts: ['h1'], candidates: ['h1'] }]);
    await using again = await open('h1', fleet);
    t.false((await again.schedulerAdd('job', { persist: true })).changed);
    t.true((await again.schedulerWithdraw('job')).changed);
    await until(t, seen, []);
    await other.close();
    await running;
  });

  test.serial('an abort ends each part, and withdraws while the reader is still busy', async (t) => {
    const fleet = newFleet();
    await using host = await open('h1', fleet);
    await using watcher = await open('watcher', fleet);
    const controller = new AbortController();
    const { signal } = controller;
    const seen = iterate(watcher.scheduled('job'));
    t.deepEqual((await seen.next()).value, { hosts: [] });
    const running = host.schedulerRun({ signal });
    const mine = iterate(host.scheduler('job', { signal, sessionTtlSeconds: 30 }));
    t.deepEqual((await mine.next()).value, { hosts: ['h1'] });
    controller.abort();
    await until(t, seen, []);
    t.true((await mine.next()).done);
    await running;
    const reason = new Error('enough');
    const aborted = { signal: AbortSignal.abort(reason) };
    t.is(await host.schedulerAdd('job', aborted).catch((error: unknown) => error), reason);
    t.is(await host.schedulerWithdraw('job', aborted).catch((error: unknown) => error), reason);
    t.is(await host.scheduledGet('job', aborted).catch((error: unknown) => error), reason);
  });

  test.serial('what cannot be scheduled is refused before anything is written', async (t) => {
    const fleet = newFleet();
    await using host = await open('h1', fleet);
    const invalid = { instanceOf: WorldError, code: 'invalid' };
    for (const namespace of ['', 'a/b']) {
      t.throws(() => host.scheduler(namespace), { ...invalid, message: /namespace/ });
      t.throws(() => host.scheduled(namespace), invalid);
      await t.throwsAsync(host.schedulerAdd(namespace), invalid);
      await t.throwsAsync(host.schedulerWithdraw(namespace), invalid);
      await t.throwsAsync(host.scheduledGet(namespace), invalid);
    }
    await t.throwsAsync(open('a,b', fleet), { ...invalid, message: /comma/ });
    await t.throwsAsync(host.schedulerAdd('job', { strategy: 'none' }), { ...invalid, message: /rr, alpha/ });
    await t.throwsAsync(host.schedulerAdd('job', { maxCount: 1.5 }), { ...invalid, message: /maxCount/ });
    await t.throwsAsync(host.schedulerAdd('job', { sessionTtlSeconds: 0 }), invalid);
    await t.throwsAsync(host.schedulerAdd('job', { capacity: Number.NaN }), invalid);
    await t.throwsAsync(host.schedulerAdd('job', { hostsFilter: ['a,b'] }), invalid);
    await t.throwsAsync(host.schedulerAdd('job', { labels: { 'a=b': 'c' } }), invalid);
    t.is((await host.client.list('/scheduler/')).entries.length, 0);
  });
}
