import { tmpdir } from 'node:os';
import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

interface Shown {
  readonly oldest: number;
  readonly newest: number;
  readonly revisions: readonly {
    readonly revision: number;
    readonly changes: readonly { readonly key: string; readonly before: unknown; readonly after: unknown }[];
  }[];
}

async function history(...args: string[]): Promise<Shown> {
  return (await fleet.json(['history', ...args])) as Shown;
}

const valuesOf = ({ revisions }: Shown) =>
  revisions.flatMap(({ changes }) => changes.map(({ key, before, after }) => [key, before, after]));

test.serial('every change is listed, newest first, also of what is no more', async (t) => {
  await using world = fleet.world('h1');
  await world.strSet('motd', 'a');
  await world.strMapSet('motd', 'of h1');
  await world.strSet('motd2', 'another');
  await world.strSet('motd', 'b');
  await world.strDel('motd');
  await world.client.set('/strings/motd', Buffer.from([0xff, 0]));
  const shown = await history('motd');
  t.deepEqual(valuesOf(shown), [
    ['/strings/motd', null, { base64: '/wA=' }],
    ['/strings/motd', 'b', null],
    ['/strings/motd', 'a', 'b'],
    ['/strings/motd/h1', null, 'of h1'],
    ['/strings/motd', null, 'a'],
  ]);
  t.is(shown.oldest, 1);
  t.deepEqual(
    valuesOf(await history('motd*', '--limit', '3')).map(([key]) => key),
    ['/strings/motd', '/strings/motd', '/strings/motd'],
  );
  t.is(valuesOf(await history('motd*')).length, 6);
  t.is(valuesOf(await history('/strings/motd2')).length, 1);
  const { stdout, stderr } = await fleet.run(['history', 'motd']);
  t.regex(stdout, /^REVISION +WHEN +WHO +WHAT\n\d+ +- +- +the string "motd" set to 2 B of binary data\n/);
  t.regex(stdout, /the string "motd": "a" → "b"\n/);
  t.regex(stderr, /^etcd remembers revisions 1 to \d+\.\n$/);
});

test.serial('more changes than etcd sends at once are all there', async (t) => {
  await using world = fleet.world('h1');
  // etcd sends a thousand revisions at once.
  for (let index = 0; index < 25; index++)
    await Promise.all(Array.from({ length: 50 }, (_, at) => world.strSet(`many-${at}`, `${index}`)));
  t.is((await history('many*', '--limit', '5000')).revisions.length, 1_250);
});

test.serial('a revision that is still to come is refused, and the command ends', async (t) => {
  for (const args of [
    ['history', '--after', '999999'],
    ['undo', '1000000', '--yes'],
  ]) {
    const { code, stderr } = await fleet.run(args);
    t.is(code, 2, args[0]);
    t.regex(stderr, /There is no revision 999999 yet: the newest is \d+\.\n$/);
  }
});

test.serial('two moments are compared', async (t) => {
  await using world = fleet.world('h1');
  const from = String((await history()).newest);
  await world.strSet('kept', 'x');
  await world.strSet('gone', 'x');
  await world.strDel('gone');
  await world.idealClusterSizeSet(7);
  const { stdout } = await fleet.run(['diff', '--from', from]);
  t.is(stdout, 'the ideal cluster size set to "7"\nthe string "kept" set to "x"\n');
  const { to } = (await fleet.json(['diff', '--from', from])) as { to: number };
  t.deepEqual(await fleet.json(['diff', 'none', '--from', from]), { from: Number(from), to, changes: [] });
  const future = await fleet.run(['diff', '--from', '999999']);
  t.is(future.code, 2);
  t.regex(future.stderr, /no revision 999999 yet: the newest is/);
  const swapped = await fleet.run(['diff', '--from', '9', '--to', '8']);
  t.is(swapped.code, 2, swapped.stderr);
});

test.serial('a revision is undone, but not over what was written since', async (t) => {
  await using world = fleet.world('h1');
  await world.strSet('undo', 'first');
  await world.strSet('undo', 'second');
  const { newest } = await history('undo');
  const asked = await fleet.run(['undo', String(newest)]);
  t.is(asked.code, 4);
  t.regex(asked.stderr, /"second" → "first"[\s\S]*Nothing was changed: without a terminal .* --yes/);
  const undone = await fleet.run(['undo', String(newest), '--yes']);
  t.is(undone.code, 0, undone.stderr);
  t.is(await world.strGet('undo'), 'first');
  const again = await fleet.run(['undo', String(newest), '--yes']);
  t.is(again.code, 4);
  t.regex(again.stderr, /the string "undo" was written again by revision \d+/);
  t.is(await world.strGet('undo'), 'first');
  await world.strDel('undo');
  const { newest: deleted } = await history('undo');
  t.is((await fleet.run(['undo', String(deleted), '--yes'])).code, 0);
  t.is(await world.strGet('undo'), 'first');
});

test.serial('a person is asked before a revision is undone', async (t) => {
  await using world = fleet.world('h1');
  await world.idealClusterSizeSet(3);
  await world.idealClusterSizeSet(5);
  const { newest } = await history();
  const args = ['undo', String(newest), '--seeds', fleet.etcd.url];
  const terminal = hawserInTerminal(t, args, { cwd: tmpdir() });
  await terminal.shows(/"5" → "3"[\s\S]*Set them back as shown\?/);
  terminal.type('y\r');
  t.is(await terminal.exited, 0);
  t.is(await world.idealClusterSizeGet(), 3);
});

test.serial('what etcd has forgotten is said, and what it remembers is still listed', async (t) => {
  await using world = fleet.world('h1');
  await world.strSet('forgotten', 'x');
  const { newest } = await history('forgotten');
  await world.client.cluster.compact(BigInt(newest));
  await world.strSet('remembered', 'y');
  const shown = await history();
  t.is(shown.oldest, newest);
  t.deepEqual(valuesOf(shown), [['/strings/remembered', null, 'y']]);
  for (const args of [
    ['diff', '--from', '2'],
    ['undo', String(newest - 1), '--yes'],
    ['history', '--after', '2'],
  ]) {
    const { code, stderr } = await fleet.run(args);
    t.is(code, 1);
    t.regex(
      stderr,
      new RegExp(`no longer remembers revision \\d+: the oldest that it remembers is ${newest} `),
    );
  }
});

test.serial('wrong revisions are wrong usage', async (t) => {
  const wrong = [
    ['undo', 'x'],
    ['undo', '-1'],
    ['diff'],
    ['history', '--after', 'x'],
    ['history', ''],
    ['diff', '', '--from', '1'],
  ];
  for (const args of wrong) {
    const { code } = await hawser([...args, '--seeds', fleet.etcd.url]);
    t.is(code, 2, args.join(' '));
  }
});
