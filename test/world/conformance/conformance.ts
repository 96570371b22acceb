import type { TestFn } from 'ava';
import { FsError, WorldError } from '../../../world/index.js';
import { deploysConform } from './deploys.js';
import { membersConform } from './members.js';
import { resourcesConform } from './resources.js';
import { schedulerConforms } from './scheduler.js';
import { strayKeysConform } from './stray.js';
import { newFleet, next, type Subject } from './subject.js';

/** Registers the tests that every World must pass. */
export function conforms(test: TestFn, subject: () => Subject): void {
  deploysConform(test, subject);
  resourcesConform(test, subject);
  membersConform(test, subject);
  strayKeysConform(test, subject);
  schedulerConforms(test, subject);

  test.serial('a string is read back, replaced and deleted', async (t) => {
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

  test.serial('an unchanged string is not written again', async (t) => {
    await using world = await subject().open('h1', newFleet());
    await world.strSet('motd', 'hello');
    const before = await world.client.get('/strings/motd');
    await world.strSet('motd', 'hello');
    t.deepEqual(await world.client.get('/strings/motd'), before);
  });

  test.serial('names that could not be told apart in etcd are refused', async (t) => {
    await using world = await subject().open('h1', newFleet());
    for (const key of ['', 'a\0b', '\ud800']) {
      await t.throwsAsync(world.strSet(key, 'x'), { instanceOf: WorldError, code: 'invalid' });
      t.throws(() => world.strMapWatch(key), { instanceOf: WorldError, code: 'invalid' });
    }
    for (const hostname of ['', 'a/b', 'a,b', '*', 'a\0', '\ud800']) {
      await t.throwsAsync(subject().open(hostname, newFleet()), { instanceOf: WorldError, code: 'invalid' });
    }
  });

  test.serial('a key is put behind /strings/ as it is, wherever it has its slashes', async (t) => {
    const warnings: string[] = [];
    await using world = await subject().open('h1', newFleet(), (level, message) => {
      if (level === 'warn') warnings.push(message);
    });
    const keys = ['/x', 'x/', 'x', '//', '/', 'u//v', '/x/', '..', ' ', 'a\nb'];
    for (const key of keys) {
      await world.strSet(key, `the string ${key}`);
      await world.strMapSet(key, `of the map ${key}`);
    }
    for (const key of keys) {
      t.is((await world.client.get(`/strings/${key}`))?.value.toString(), `the string ${key}`);
      t.is((await world.client.get(`/strings/${key}/h1`))?.value.toString(), `of the map ${key}`);
      t.is(await world.strGet(key), `the string ${key}`);
      t.deepEqual(await world.strMapGet(key), new Map([['h1', `of the map ${key}`]]));
    }
    t.deepEqual(warnings, []);
    await world.strDel('/x');
    await t.throwsAsync(world.strGet('/x'), { code: 'not-found' });
    t.is(await world.strGet('x'), 'the string x');
  });

  test.serial('a string map holds one value for each host, beside a string of the same key', async (t) => {
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

  test.serial('a file that one host writes is seen, moved and removed by the other', async (t) => {
    const fleet = newFleet();
    await using first = await subject().open('h1', fleet);
    await using second = await subject().open('h2', fleet);
    const [ours, theirs] = [first.fs(first.uri()), second.fs(second.uri())];
    await ours.mkdir('/etc/app', { recursive: true });
    await ours.writeFile('/etc/app/größe', Buffer.alloc(700_000, 'x'));
    t.is((await theirs.stat('/etc/app/größe')).size, 700_000);
    await theirs.rename('/etc/app', '/etc/old');
    await t.throwsAsync(ours.readFile('/etc/app/größe'), { instanceOf: FsError, code: 'ENOENT' });
    t.true((await ours.readFile('/etc/old/größe')).equals(Buffer.alloc(700_000, 'x')));
    await ours.rm('/etc', { recursive: true });
    t.true((await second.fsGc()).freed > 0);
    t.is((await second.fsUsage()).blocks, 0);
  });

  test.serial('a watch pulses once when it stands and once more after a change by anyone', async (t) => {
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

  test.serial('a burst of changes while the reader is busy is one pulse', async (t) => {
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

  test.serial('a map that is followed comes whole after each change, and at last as it is', async (t) => {
    const fleet = newFleet();
    await using world = await subject().open('h1', fleet);
    await using other = await subject().open('h2', fleet);
    await world.strMapSet('load', '0');
    const maps = world.strMapFollow('load')[Symbol.asyncIterator]();
    t.deepEqual(await next(maps), new Map([['h1', '0']]));
    await other.strMapSet('load/avg', 'of another map');
    await other.strMapSet('load', '1');
    const both = new Map([
      ['h1', '0'],
      ['h2', '1'],
    ]);
    t.deepEqual(await next(maps), both);
    await other.strMapDel('load');
    t.deepEqual(await next(maps), new Map([['h1', '0']]));
    for (let value = 1; value <= 20; value += 1) await world.strMapSet('load', String(value));
    let last: ReadonlyMap<string, string> | undefined;
    while (last?.get('h1') !== '20') last = await next(maps);
    const waiting = maps.next();
    await maps.return?.();
    t.true((await waiting).done);
  });

  test.serial('a string that fills a request of etcd is written, and again for nothing', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const large = 'x'.repeat(1_400_000);
    await world.strSet('large', large);
    await world.strSet('large', large);
    t.is((await world.client.get('/strings/large'))?.version, 1n);
    t.is((await world.strGet('large')).length, large.length);
    const tooLarge = world.strSet('large', 'x'.repeat(2_200_000));
    await t.throwsAsync(tooLarge, { instanceOf: WorldError, code: 'too-large' });
  });

  test.serial('a watch can be left while it waits for a change', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const pulses = world.strWatch('motd')[Symbol.asyncIterator]();
    await next(pulses);
    const waiting = pulses.next();
    await pulses.return?.();
    t.true((await waiting).done);
  });

  test.serial('a watch returns when its signal aborts, and when the World closes', async (t) => {
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

  test.serial('an operation that is aborted rejects with the reason of its signal', async (t) => {
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
}
