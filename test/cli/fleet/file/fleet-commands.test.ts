import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ed25519Key } from '../../../tunnel/helpers/host-keys.js';
import { hawser, type Result, temporaryFolder } from '../../helpers/hawser.js';
import { hawserInTerminal } from '../../helpers/terminal.js';

const { text: hostKey } = ed25519Key(1);
const authority = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const key = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n';
const content = { name: 'prod', hosts: { web1: { ssh: 'web1', 'host-key': hostKey } }, authority };

/** A person, and a directory that came from another machine. */
async function person(t: ExecutionContext) {
  const home = await temporaryFolder(t);
  const theirs = path.join(home, 'theirs');
  const fleets = path.join(home, '.config', 'hawser', 'fleets');
  await mkdir(theirs);
  const source = path.join(theirs, 'prod.yaml');
  await writeFile(source, `${JSON.stringify(content)}\n`);
  const run = (args: readonly string[], env = {}) =>
    hawser(['fleet', ...args], { cwd: theirs, env: { HOME: home, ...env } });
  const known = async (...names: string[]) => {
    await mkdir(fleets, { recursive: true, mode: 0o700 });
    for (const name of names) await writeFile(path.join(fleets, `${name}.yaml`), `ssh-url: root@${name}\n`);
  };
  return { home, theirs, source, fleets, run, known };
}

async function modeOf(file: string): Promise<number> {
  return (await lstat(file)).mode & 0o7777;
}

function refusedWith(t: ExecutionContext, { code, stderr }: Result, message: RegExp): void {
  t.is(code, 2, stderr);
  t.regex(stderr, message);
}

test.serial('fleets are listed, also those with mistakes, and one of them is chosen', async (t) => {
  const { fleets, run, known } = await person(t);
  t.regex((await run(['list'])).stdout, /You know no fleet/);
  refusedWith(t, await run(['show']), /No fleet is known here/);
  await known('prod', 'test');
  await writeFile(path.join(fleets, 'test.yaml'), JSON.stringify({ ...content, name: 'test' }));
  await writeFile(path.join(fleets, 'worse.yaml'), 'name: worse\nhosst: {}\n');
  refusedWith(t, await run(['show']), /Several fleets are known here: prod, test, worse\./);
  refusedWith(t, await run(['use', 'tset']), /\(did you mean "test"\?\)/);
  const used = await run(['use', 'test'], { HAWSER_FLEET: 'prod' });
  t.is(used.code, 0, used.stderr);
  t.regex(used.stderr, /still use prod, because HAWSER_FLEET is set/);
  const list = await run(['list', '--json']);
  t.like(JSON.parse(list.stdout), [
    { name: 'prod', chosen: false, hosts: [], problem: null },
    { name: 'test', chosen: true, hosts: ['web1'] },
    { name: 'worse', hosts: [] },
  ]);
  t.regex(
    (await run(['list'])).stdout,
    /worse .*worse\.yaml is invalid: line 2, column 1: hosst: unknown key \(did you mean "hosts"\?\)/,
  );
  const shown = await run(['show']);
  t.regex(shown.stdout, /^Fleet: test\n(.*\n)*web1 +web1 +SHA256:/);
  t.like(JSON.parse((await run(['show', '--json'])).stdout), { name: 'test', hasAuthorityKey: false });
  t.regex((await run(['show', 'prod'])).stdout, /names no hosts/);
});

test.serial('a fleet of another machine is added with its key, or says where that belongs', async (t) => {
  const { theirs, source, fleets, run } = await person(t);
  const own = (name: string) => path.join(fleets, name);
  await writeFile(source, JSON.stringify({ ...content, 'ssh-id': 'id' }));
  refusedWith(t, await run(['add', source]), /the file id that it names lies in its directory/);
  await writeFile(source, `${JSON.stringify(content)}\n`);
  await writeFile(path.join(theirs, 'prod.key'), authority);
  refusedWith(t, await run(['add', source]), /prod\.key is not a private key/);
  t.deepEqual(JSON.parse((await run(['list', '--json'])).stdout), []);

  await writeFile(path.join(theirs, 'prod.key'), key);
  const added = await run(['add', 'prod.yaml']);
  t.is(added.code, 0, added.stderr);
  t.true(added.stdout.includes(`The key of its authority is in ${own('prod.key')}.`));
  t.is(await readFile(own('prod.key'), 'utf8'), key);
  t.is(await readFile(own('prod.yaml'), 'utf8'), `${JSON.stringify(content)}\n`);
  t.deepEqual(
    [await modeOf(fleets), await modeOf(own('prod.key')), await modeOf(own('prod.yaml'))],
    [0o700, 0o600, 0o600],
  );
  refusedWith(t, await run(['add', source]), /A fleet named prod is known here already/);

  await writeFile(source, JSON.stringify({ ...content, name: 'test' }));
  const keyless = await run(['add', source, '--json']);
  t.deepEqual(JSON.parse(keyless.stdout), {
    name: 'test',
    file: own('test.yaml'),
    keyFile: own('test.key'),
    hasAuthorityKey: false,
  });
  await writeFile(source, JSON.stringify({ ...content, name: 'third' }));
  t.true(
    (await run(['add', source])).stdout.includes(
      `copy the file third.key that lies beside the original to ${own('third.key')}`,
    ),
  );
  await writeFile(own('fourth.key'), key.replace('MIGH', 'MIGI'));
  await writeFile(source, JSON.stringify({ ...content, name: 'fourth' }));
  await writeFile(path.join(theirs, 'fourth.key'), key);
  refusedWith(t, await run(['add', source]), /fourth\.key is the key of another fleet/);
});

test.serial('an edited fleet is put in place once it has no mistakes, and is never lost', async (t) => {
  const { home, source, fleets, run } = await person(t);
  t.is((await run(['add', source])).code, 0);
  const file = path.join(fleets, 'prod.yaml');
  const edit = (script: string) => run(['edit', '--json'], { EDITOR: `sh -c '${script}' sh`, TMPDIR: home });
  const same = await edit('true');
  t.deepEqual(JSON.parse(same.stdout), { file, changed: false });
  const changed = await edit(`echo "# mine" >> "$1"`);
  t.deepEqual(JSON.parse(changed.stdout), { file, changed: true }, changed.stderr);
  const before = await readFile(file, 'utf8');
  t.regex(before, /# mine\n$/);
  t.deepEqual(
    (await readdir(home)).filter((name) => name.startsWith('hawser-')),
    [],
  );

  for (const [script, message] of [
    [`echo "hosst: {}" > "$1"`, /hosst: unknown key/],
    [`echo "name: other" > "$1"`, /name: expected prod, the name of the file/],
    [`echo "# theirs" >> "$1"; echo "# other" >> ${file}`, /was changed while you edited it/],
    [`echo "# lost" >> "$1"; exit 1`, /The editor .* failed/],
  ] as const) {
    const failed = await edit(script);
    refusedWith(t, failed, message);
    const [, copy = ''] = /your version is in (\S+)\./.exec(failed.stderr) ?? [];
    t.not(await readFile(copy, 'utf8'), before, failed.stderr);
    t.deepEqual([await modeOf(path.dirname(copy)), await modeOf(copy)], [0o700, 0o600]);
  }
  t.is(await readFile(file, 'utf8'), `${before}# other\n`);
});

test.serial('on a terminal a mistake can be mended at once', async (t) => {
  const { home, source, fleets, run } = await person(t);
  t.is((await run(['add', source])).code, 0);
  const script = `if grep -q hosst "$1"; then echo "name: prod" > "$1"; else echo "hosst: {}" > "$1"; fi`;
  const env = { HOME: home, VISUAL: `sh -c '${script}' sh`, EDITOR: 'false' };
  const terminal = hawserInTerminal(t, ['fleet', 'edit', 'prod'], { cwd: home, env, columns: 200 });
  await terminal.shows(/Edit it again\?/);
  t.regex(terminal.screen(), /line 1, column 1: hosst: unknown key/);
  terminal.type('\r');
  t.is(await terminal.exited, 0, terminal.screen());
  t.is(await readFile(path.join(fleets, 'prod.yaml'), 'utf8'), 'name: prod\n');
});
