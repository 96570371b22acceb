import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { parsePlace } from '../../../cli/cp/parse-place.js';
import { formatDestination } from '../../../tunnel/index.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { hawser, type RunOptions, startHawser } from '../helpers/hawser.js';
import { SshdFleet } from '../helpers/sshd-fleet.js';

let fleet: SshdFleet;
let place: string;

test.before(async () => {
  fleet = await SshdFleet.start(2);
  place = path.join(fleet.home, 'place');
  await mkdir(path.join(place, 'src', 'sub'), { recursive: true });
  const src = path.join(place, 'src');
  await writeFile(path.join(src, 'a file\nü'), 'a');
  await chmod(path.join(src, 'a file\nü'), 0o640);
  await writeFile(Buffer.from(`${src}/sub/\xff`, 'latin1'), 'latin');
  await writeFile(path.join(src, 'empty'), '');
  await writeFile(path.join(src, 'big'), Buffer.alloc(3_000_000, 'big\n'));
  await symlink('sub', path.join(src, 'within'));
  await symlink('/etc/passwd', path.join(src, 'outside'));
  execFileSync('mkfifo', [path.join(src, 'pipe')]);
  await chmod(path.join(src, 'sub'), 0o500);
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

function cp(args: readonly string[], options: RunOptions = {}) {
  return hawser(['cp', ...fleet.flags, ...args], { cwd: fleet.home, ...options });
}

function at(...names: string[]): string {
  return path.join(place, ...names);
}

/** What differs between two trees, as diff says it. */
function differences(one: string, other: string): string {
  try {
    return execFileSync('diff', ['-r', '--no-dereference', one, other], { stdio: 'pipe' }).toString();
  } catch (error) {
    return String((error as { stdout?: Buffer }).stdout);
  }
}

test('a colon before the first slash tells hosts, and a port may stand before it', (t) => {
  const hosts = (text: string) => {
    const one = parsePlace(text);
    return one.kind === 'hosts' ? [one.hosts, one.path] : one.path;
  };
  t.deepEqual(hosts('web1:/etc/motd'), ['web1', '/etc/motd']);
  t.deepEqual(hosts('web*,role=db:x:y'), ['web*,role=db', 'x:y']);
  t.deepEqual(hosts('root@h:22:/x'), ['root@h:22', '/x']);
  t.deepEqual(hosts('ssh://root@h:22:x'), ['ssh://root@h:22', 'x']);
  t.deepEqual(hosts('root@[::1]:22:x'), ['root@[::1]:22', 'x']);
  t.deepEqual(hosts('web1:'), ['web1', '.']);
  t.deepEqual(hosts('web1:~/x'), ['web1', 'x']);
  t.is(hosts('./web1:x'), './web1:x');
  t.is(hosts('/a:b'), '/a:b');
});

test.serial('a tree goes there and back whole, whatever its names are', async (t) => {
  const there = await cp([at('src'), `web1:${at('there')}`]);
  t.is(there.code, 0, there.stderr);
  t.regex(there.stderr, /pipe was left out/);
  t.is(differences(at('src'), at('there')), `Only in ${at('src')}: pipe\n`);
  for (const name of ['a file\nü', 'sub', 'big'])
    t.is((await stat(at('there', name))).mode, (await stat(at('src', name))).mode, name);
  t.is(
    Math.floor((await stat(at('there', 'big'))).mtimeMs / 1000),
    Math.floor((await stat(at('src', 'big'))).mtimeMs / 1000),
  );
  const back = await cp([`web1:${at('there')}`, at('back')]);
  t.is(back.code, 0, back.stderr);
  t.regex(back.stderr, /outside is a symbolic link that leads out of the tree/);
  t.is(differences(at('there'), at('back')), `Only in ${at('there')}: outside\n`);
  t.is((await stat(at('back', 'sub'))).mode & 0o777, 0o500);
  // Into a directory that is there, as cp -r does; once more changes nothing.
  for (let again = 0; again < 2; again += 1) t.is((await cp([`web1:${at('there')}`, at('back')])).code, 0);
  t.true((await readdir(at('back'))).includes('there'));
});

test.serial('without SFTP the same is done by commands', async (t) => {
  for (const [name, config] of [
    ['none', []],
    ['broken', ['Subsystem sftp /nonexistent']],
  ] as const) {
    await using sshd = await Sshd.start([...config, 'MaxSessions 2']);
    const flags = ['--ssh-id', sshd.identityFile, '--ssh-known-hosts', sshd.knownHostsFile];
    const host = formatDestination(sshd.destination);
    const run = (...places: string[]) =>
      hawser(['cp', ...flags, '--ssh-config', 'none', ...places], { cwd: fleet.home });
    await mkdir(at(name, '-x', 'sub dir'), { recursive: true });
    await writeFile(at(name, '-x', "it's\n$(a) ü"), 'odd', { mode: 0o604 });
    await writeFile(at(name, '-x', 'sub dir', 'big'), Buffer.alloc(200_000, 'big'));
    await writeFile(at(name, '-x', 'empty'), '');
    await symlink('sub dir', at(name, '-x', 'link'));
    await symlink('line\n', at(name, '-x', 'line'));
    await writeFile(at(name, '-x', `a${'ü'.repeat(60)}`), 'long');
    const there = await run(at(name, '-x'), `${host}:${at(name, 'there')}`);
    t.is(there.code, 0, there.stderr);
    t.is(differences(at(name, '-x'), at(name, 'there')), '');
    if (name === 'broken') continue;
    t.is((await stat(at(name, 'there', "it's\n$(a) ü"))).mode & 0o777, 0o604);
    const back = await run(`${host}:${at(name, 'there')}`, at(name, 'back'));
    t.is(back.code, 0, back.stderr);
    t.is(differences(at(name, '-x'), at(name, 'back')), '');
    const absent = await run(`${host}:${at('nosuch')}`, at(name, 'x'));
    t.regex(absent.stderr, /there is no such file or directory/);
    await mkdir(at('latin-link'));
    await symlink(Buffer.from('\xff', 'latin1'), at('latin-link', 'l'));
    t.is((await run(`${host}:${at('latin-link')}`, at(name, 'latin-link'))).code, 0);
    t.is(differences(at('latin-link'), at(name, 'latin-link')), '');
    // Nobody may read it, and its size is said to be 0.
    const unreadable = await run(`${host}:/proc/sys/vm/compact_memory`, at(name, 'memory'));
    t.regex(unreadable.stderr, /compact_memory: Permission denied/);
    const latin = await run(at('src', 'sub'), `${host}:${at(name, 'latin')}`);
    t.regex(latin.stderr, /without it names have to be UTF-8/);
  }
});

test.serial('files of many hosts get a directory for each, and what fails is told of its host', async (t) => {
  const { code, stdout } = await cp([`all:${at('src', 'empty')}`, at('many'), '--json']);
  t.is(code, 0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(lines.map(({ hostname }) => hostname).sort(), ['web1', 'web2']);
  t.deepEqual((await readdir(at('many'))).sort(), ['web1', 'web2']);
  const failing = await cp([at('src', 'big'), `web1:${at('nosuch', 'x')}`]);
  t.is(failing.code, 1);
  t.regex(failing.stderr, /^hawser: Could not write .*nosuch.* on web1: no such file or directory\.$/m);
  t.is((await cp([at('src'), at('x')])).code, 2);
  t.is((await cp(['web1:a', 'web2:b'])).code, 2);
  t.is((await cp([at('nosuch'), 'web1:x'])).code, 2);
});

test.serial('copying goes on where an attempt was cut, and a file is whole or not there', async (t) => {
  const small = fleet.sshd(1);
  await writeFile(at('slow'), Buffer.alloc(60_000_000, 'slow'));
  const target = at('slow-there');
  const copying = cp([at('slow'), `web1:${target}`, '--json']);
  // Its own kind of name shows how far it is.
  for (;;) {
    const partial = (await readdir(place)).find((name) => /^\.slow-there\.hawser-.*\.partial$/.test(name));
    if (partial !== undefined && (await lstat(at(partial)).catch(() => undefined))?.size) break;
    if ((await readdir(place)).includes('slow-there')) break;
  }
  await small.killConnections();
  const { code, stderr } = await copying;
  t.is(code, 0, stderr);
  t.is(differences(at('slow'), target), '');
  t.false((await readdir(place)).some((name) => name.endsWith('.partial')));
});

test.serial('nothing is written through a link here, and a link there is replaced', async (t) => {
  await mkdir(at('trap'));
  await symlink('/tmp', at('trap', 'sub'));
  await mkdir(at('tree', 'sub'), { recursive: true });
  await writeFile(at('tree', 'sub', 'x'), 'x');
  await mkdir(at('into'));
  await symlink(at('trap'), at('into', 'tree'));
  const down = await cp([`web1:${at('tree')}`, at('into')]);
  t.is(down.code, 1);
  t.regex(down.stderr, /links are not followed/);
  t.deepEqual(await readdir(at('trap')), ['sub']);
  const up = await cp([at('tree'), `web1:${at('into')}`]);
  t.is(up.code, 1);
  t.regex(up.stderr, /links are not followed/);
  await symlink('/etc/passwd', at('link'));
  t.is((await cp([at('src', 'empty'), `web1:${at('link')}`])).code, 0);
  t.true((await lstat(at('link'))).isFile());
  await symlink('x', at('tree', 'sub', 'l'));
  await writeFile(at('old'), 'old');
  await utimes(at('old'), 1, 1);
  t.is((await cp([at('tree', 'sub'), `web1:${at('old')}`])).code, 1);
  t.is(await readFile(at('old'), 'utf8'), 'old');
  t.is(await readlink(at('tree', 'sub', 'l')), 'x');
});

test.serial(
  'sources of the same name do not replace each other, and no time is too early or too late',
  async (t) => {
    await mkdir(at('same'));
    const [one, other] = [at('src', 'empty'), at('there', 'empty')];
    for (const places of [
      [one, other, `web1:${at('same')}`],
      [`web1:${one}`, `web1:${other}`, at('same')],
    ]) {
      const { code, stderr } = await cp(places);
      t.is(code, 2);
      t.regex(stderr, /Several sources are called empty/);
    }
    for (const [name, seconds] of [
      ['early', -1],
      ['late', 7_000_000_000],
    ] as const) {
      await writeFile(at(name), name);
      await utimes(at(name), seconds, seconds);
      const { code, stderr } = await cp([at(name), `web1:${at('same')}`]);
      t.is(code, 0, stderr);
    }
    t.deepEqual((await readdir(at('same'))).sort(), ['early', 'late']);
  },
);

test.serial('the directory of one of many hosts is no link', async (t) => {
  await mkdir(at('apart', 'victim'), { recursive: true });
  await symlink('victim', at('apart', 'web1'));
  const { code, stdout, stderr } = await cp([`all:${at('src', 'empty')}`, at('apart')]);
  t.is(code, 1);
  t.is(stdout, 'web2: 1 file, 0 B\n');
  t.regex(stderr, /web1: Could not write below .*apart\/web1: it is no directory here/);
  t.deepEqual(await readdir(at('apart', 'victim')), []);
});

test.serial('what a hostile host lists is data', async (t) => {
  const kindFile = at('kind');
  const server = fileURLToPath(new URL('./programs/hostile-sftp-server.js', import.meta.url));
  await using sshd = await Sshd.start([`Subsystem sftp ${process.execPath} ${server} ${kindFile}`]);
  const flags = [
    '--ssh-id',
    sshd.identityFile,
    '--ssh-known-hosts',
    sshd.knownHostsFile,
    '--ssh-config',
    'none',
  ];
  const sink = at('sink', 'inner');
  await mkdir(sink, { recursive: true });
  for (const [kind, said] of [
    ['climbing', /the host lists the name "\.\.\/evil", which is none/],
    ['absolute', /the host lists the name "\/tmp\/evil", which is none/],
    ['twice', /"d" appears twice/],
    ['deep', /the host lists more than can be a directory/],
    ['link', /the host says that it is a link which leads to a link/],
    ['short', /the host sent invalid data/],
    ['garbage', /its SFTP server sent invalid data/],
  ] as const) {
    await writeFile(kindFile, kind);
    const source = `${formatDestination(sshd.destination)}:dir`;
    const { code, stderr } = await hawser(['cp', ...flags, source, sink], { cwd: fleet.home });
    t.is(code, 1, kind);
    t.regex(stderr, said, kind);
    t.deepEqual([await readdir(at('sink')), await readdir(sink)], [['inner'], []], kind);
  }
  await writeFile(kindFile, 'short');
  const up = await hawser(['cp', ...flags, at('src', 'empty'), `${formatDestination(sshd.destination)}:x`], {
    cwd: fleet.home,
  });
  t.regex(up.stderr, /Could not write x on .*: the host sent invalid data/);
});

test.serial('a reader that goes away does not keep files from being copied', async (t) => {
  // The other host fails at once, which is told while the first one is busy.
  const to = `web1,root@127.0.0.1:1:${at('unread')}`;
  const child = startHawser(['cp', ...fleet.flags, '--json', at('slow'), to], { cwd: fleet.home });
  child.stdout?.destroy();
  child.stdin?.end();
  const [code] = await once(child, 'exit');
  t.is(code, 1);
  t.is(differences(at('slow'), at('unread')), '');
});
