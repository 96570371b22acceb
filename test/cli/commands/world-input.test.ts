import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

/** A command line, how it ends, and what it says. */
type Row = readonly [args: readonly string[], code: number, message: RegExp];

const refused: readonly Row[] = [
  [['str', 'set', '', 'x'], 2, /"" is not a valid key.*empty/],
  [['map', 'set', 'a', 'x', '--hostname', 'b/c'], 2, /"b\/c" is not a valid hostname/],
  [['res', 'export', 'a/b', 'n', 'x'], 2, /"a\/b".*kind/],
  [['res', 'export', 'k', '', 'x'], 2, /name/],
  [['res', 'export', 'k', 'n', 'x', '--host', 'a,b'], 2, /"a,b".*host/],
  [['res', 'export', 'k', 'n'], 2, /data/],
  [['res', 'export', 'k'], 2, /KIND and NAME/],
  [['res', 'export', 'k', 'n', 'x', '--ttl', '60'], 2, /500ms, 5s or 2m/],
  [['res', 'export', 'k', 'n', 'x', '--ttl', '0s'], 2, /at least 1s/],
  [['res', 'collect', '--kind', 'a/b'], 2, /kind/],
  [['size', '2.5'], 2, /whole number/],
  [['size', '65536'], 2, /65536|65,535/],
  [['deploys', 'prune'], 2, /--keep/],
  [['str', 'get', 'x', '--namespace', 'no-slash'], 2, /no-slash/],
  [['str', 'get', 'x', '--namespace', '/ends/'], 2, /\/ends\//],
  [['str', 'get', 'x', '--namespace', ''], 2, /"" is not a valid namespace/],
  [['schedule', 'join', 'n', '--strategy', 'foo'], 2, /no scheduling strategy "foo": choose one of rr,/],
  [['schedule', 'join', 'n', '--ttl', '1ms'], 2, /sessionTtlSeconds/],
  [['schedule', 'join', 'n', '--hosts-filter', ''], 2, /"" is not a valid hostname/],
  [['schedule', 'join', 'n', '--spread-by', 'x='], 2, /name without "="/],
  [['schedule', 'add', 'n', '--persist', '--strategy', 'foo'], 2, /no scheduling strategy "foo"/],
  [['members', 'forget', 'web1,,'], 2, /"web1,," is not a selection of hosts/],
];

/** Nothing listens there: who goes there ends with 3. */
const nowhere = ['--seeds', 'http://127.0.0.1:1'];

for (const [args, code, message] of refused) {
  test.serial(
    `refused before connecting: hawser ${args.map((arg) => (arg === '' ? "''" : arg)).join(' ')}`,
    async (t) => {
      const result = await hawser([...args, ...nowhere]);
      t.regex(result.stderr, message);
      t.is(result.code, code);
      t.is(result.stdout, '');
      t.notRegex(result.stderr, /\n\s+at /);
    },
  );
}

test.serial('a list of resources with a wrong one is refused whole', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'resources.json');
  await writeFile(file, '[{"kind":"k","name":"n","data":"x"},{"kind":"k","name":"n"}]');
  const { code, stderr } = await fleet.run(['res', 'export', '--file', file]);
  t.is(code, 2);
  t.regex(stderr, /resources\.json, entry 2, has no "data"/);
  t.deepEqual(await fleet.json(['res', 'collect']), []);
});

test.serial('a value over the limit of etcd is refused with its size', async (t) => {
  const input = 'x'.repeat(2_000_000);
  const string = await fleet.run(['str', 'set', 'large', '-'], { input });
  t.is(string.code, 1);
  t.regex(string.stderr, /2,000,\d+ bytes.*1,572,864/);
  const { code, stderr } = await fleet.run(['res', 'export', 'k', 'large', '-', '--json'], { input });
  t.is(code, 1);
  t.is(JSON.parse(stderr).error.code, 'too-large');
});

test.serial('keys that are none of ours are passed over with a warning that names them', async (t) => {
  await using world = fleet.world('foreign');
  const bytes = Buffer.from([0xff, 0xfe]);
  await world.client.set('/strings/binary', bytes);
  await world.client.set('/strings/mixed/a', bytes);
  await world.client.set('/strings/mixed/b', 'good');
  await world.client.set('/exported/*/a/broken', 'x');
  await world.client.set('/exported/*/a/k/n', 'good');
  await world.client.set('/endpoints/web1', 'not a url');

  const string = await fleet.run(['str', 'get', 'binary', '--json']);
  t.is(JSON.parse(string.stderr).error.code, 'invalid');
  const map = await fleet.run(['map', 'get', 'mixed']);
  t.is(map.stdout, 'b  good\n');
  t.regex(map.stderr, /\/strings\/mixed\/a/);
  const collected = await fleet.run(['res', 'collect']);
  t.regex(collected.stdout, /k\s+n\s+a\s+good/);
  t.regex(collected.stderr, /\/exported\/\*\/a\/broken/);
  t.is((await fleet.run(['endpoints'])).code, 0);
});

test.serial('a size that is stored as no number is said to be that', async (t) => {
  await using world = fleet.world('foreign');
  await world.client.set('/chooser/dynamicsize/idealclustersize', 'many');
  const sentence =
    /\/chooser\/dynamicsize\/idealclustersize\) is "many", which is not a valid size.*hawser size 5$/m;
  const size = await fleet.run(['size']);
  t.is(size.code, 2);
  t.regex(size.stderr, sentence);
  const status = await fleet.run(['status']);
  t.is(status.code, 0, status.stderr);
  t.regex(status.stdout, /^HOST .*\nm1 /);
  t.regex(status.stderr, sentence);
  t.like(await fleet.json(['status']), { idealClusterSize: null });
  t.is((await fleet.run(['size', '3'])).code, 0);
});
