import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { startFleet, type TestFleet } from '../../../testing/index.js';
import { connectionFlags, hawser, type Result, temporaryFolder } from '../helpers/hawser.js';

let fleet: TestFleet;

test.before(async () => {
  fleet = await startFleet({ hosts: 1 });
});
test.after.always(() => fleet?.close());

function withoutStackTrace(result: Result): string {
  if (/\n\s+at /.test(result.stderr)) throw new Error(`a stack trace: ${result.stderr}`);
  return result.stderr;
}

function way(): string[] {
  const [host] = fleet.hosts;
  return ['--ssh-url', host?.destination ?? '', '--ssh-id', fleet.identityFile];
}

test.serial('an unknown host key is refused with its fingerprint and what to do', async (t) => {
  const result = await hawser(['status', ...way(), '--ssh-known-hosts', '/dev/null']);
  t.is(result.code, 4);
  t.true(withoutStackTrace(result).includes(fleet.hosts[0]?.hostKeyFingerprint ?? '-'));
  t.regex(result.stderr, /--ssh-hostkey/);
});

test.serial('a changed host key is refused with the file and line', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'known_hosts');
  const [host] = fleet.hosts;
  const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEX9lGPSHnZ0pVDjBzBHTQXRYL5ZmNhVGxXtVQJHDzq3';
  await writeFile(file, `[${host?.sshHost}]:${host?.sshPort} ${other}\n`);
  const result = await hawser(['status', ...way(), '--ssh-known-hosts', file]);
  t.is(result.code, 4);
  t.true(withoutStackTrace(result).includes(`${file}:1`));
});

test.serial('a pin is exclusive: another key is refused even when known_hosts has it', async (t) => {
  const pinned = ['--ssh-known-hosts', fleet.knownHostsFile, '--ssh-hostkey'];
  const wrong = await hawser(['status', ...way(), ...pinned, `SHA256:${'A'.repeat(43)}`]);
  t.is(wrong.code, 4);
  withoutStackTrace(wrong);
});

test.serial('a wrong identity cannot log in, and the sentence names what was tried', async (t) => {
  const folder = await temporaryFolder(t);
  const { execFileSync } = await import('node:child_process');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'other')]);
  const [host] = fleet.hosts;
  const args = ['--ssh-url', host?.destination ?? '', '--ssh-known-hosts', fleet.knownHostsFile];
  const result = await hawser(['status', ...args, '--ssh-id', path.join(folder, 'other')]);
  t.is(result.code, 3);
  t.true(withoutStackTrace(result).includes(path.join(folder, 'other')));
  const absent = await hawser(['status', ...args, '--ssh-id', path.join(folder, 'absent')]);
  t.is(absent.code, 3);
  t.true(withoutStackTrace(absent).includes(path.join(folder, 'absent')));
});

test.serial('a closed port and a host without etcd cannot be connected to', async (t) => {
  const closed = await hawser([
    'status',
    '--ssh-url',
    'root@127.0.0.1:1',
    '--ssh-known-hosts',
    fleet.knownHostsFile,
  ]);
  t.is(closed.code, 3);
  t.regex(withoutStackTrace(closed), /127\.0\.0\.1:1\b.*refused/i);
  const [host] = fleet.hosts;
  const noEtcd = await hawser([
    'str',
    'get',
    'x',
    ...connectionFlags(fleet),
    '--seeds',
    `http://${host?.address}:2379`,
    '--timeout',
    '1s',
  ]);
  t.is(noEtcd.code, 3);
  t.regex(withoutStackTrace(noEtcd), /2379/);
  t.regex(noEtcd.stderr, /hawser run/);
});

const usage = test.macro({
  async exec(t, args: readonly string[], message: RegExp) {
    const result = await hawser(args);
    t.is(result.code, 2);
    t.is(result.stdout, '');
    t.regex(withoutStackTrace(result), message);
  },
  title: (_, args: readonly string[] = []) => `wrong usage: hawser ${args.join(' ')}`,
});

test.serial(usage, ['statsu'], /unknown command 'statsu'[\s\S]*status/);
test.serial(usage, ['status', '--bogus'], /unknown option '--bogus'/);
test.serial(usage, ['str', 'get'], /missing required argument 'key'/);
test.serial(usage, ['status', '--timeout', 'soon'], /500ms, 5s or 2m/);
test.serial(usage, ['size', 'many'], /whole number/);
test.serial(usage, ['size', '0'], /drains the etcd cluster.*--yes/);
test.serial(usage, ['size', '-1'], /whole number of at least 0|unknown option/);
test.serial(
  usage,
  ['status', '--cacert', 'ca.pem', '--seeds', 'db1'],
  /db1 would be reached without TLS.*https/,
);
test.serial(
  usage,
  ['status', '--cacert', '/none', '--seeds', 'https://db1'],
  /\/none: there is no such file/,
);
test.serial(usage, ['demo', '--keep', '--stop'], /Pass either --keep, .* or --stop/);
test.serial(usage, ['forward'], /--ssh-url/);
test.serial(usage, ['forward', '--listen', '0.0.0.0:2379', '--ssh-url', 'a@b'], /loopback/);
test.serial(usage, ['status', '--ssh-url', 'a b'], /"a b" is not an SSH destination/);
test.serial(usage, ['status', '--seeds', 'ftp://x'], /ftp/);
test.serial(usage, ['str', 'get', '', '--seeds', '127.0.0.1:1'], /empty|key/);
test.serial(usage, ['run', '--no-server', '--hostname', 'x'], /--seeds/);
test.serial(usage, ['run', '--prefix', 'relative', '--hostname', 'x'], /absolute/);
test.serial(usage, ['run', '--hostname', 'a/b'], /hostname/);

test.serial('errors are one JSON object with --json, also for wrong usage', async (t) => {
  const result = await hawser(['size', 'many', '--json']);
  t.is(result.code, 2);
  t.is(JSON.parse(result.stderr).error.code, 'usage');
});

test.serial('where the error comes from is shown with --verbose only', async (t) => {
  const args = ['status', ...way(), '--ssh-known-hosts', '/dev/null'];
  t.regex((await hawser([...args, '--verbose'])).stderr, /\n\s+at /);
});

const badManifest = test.macro({
  async exec(t, manifest: string | undefined, message: RegExp) {
    const folder = await temporaryFolder(t);
    if (manifest !== undefined) await writeFile(path.join(folder, 'hawser.yaml'), manifest);
    const result = await hawser(['deploy', folder, '--yes', ...connectionFlags(fleet)]);
    t.is(result.code, 2);
    t.regex(withoutStackTrace(result), message);
    t.true(result.stderr.includes(path.join(folder, 'hawser.yaml')));
  },
  title: (_, manifest) => `refuses to deploy with the manifest ${JSON.stringify(manifest ?? null)}`,
});

test.serial(badManifest, undefined, /There is no .*name:/);
test.serial(badManifest, 'nmae: hello', /nmae.*name/);
test.serial(badManifest, 'name: hello\nrun: 5', /run/);
test.serial(badManifest, 'name: Hello World', /name/);
test.serial(
  badManifest,
  'name: hello\nhealth: { http: "http://127.0.0.1/", timeout: 12 }',
  /health\.timeout.*5s/,
);
test.serial(badManifest, 'name: [unclosed', /not YAML/);
test.serial(
  badManifest,
  'name: hello\nsecrets: { TOKEN: hunter2 }',
  /secrets: expected env, file, or a mapping with as .* for TOKEN; values are set with "hawser secret set"\.\n/,
);

test.serial('a dirty tree is refused before anything is connected', async (t) => {
  const folder = await temporaryFolder(t);
  const { execFileSync } = await import('node:child_process');
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
  await writeFile(path.join(folder, 'hawser.yaml'), 'name: hello\n');
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'x');
  await writeFile(path.join(folder, 'new'), '');
  const result = await hawser(['deploy', folder, '--yes', '--ssh-url', 'root@127.0.0.1:1']);
  t.is(result.code, 4);
  t.regex(withoutStackTrace(result), /new.*commit/);
});

test.serial('the agent does not take the connection of the directory that it is started in', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'hawser.yaml'), 'ssh-url: a@b\nhostname: other\n');
  const result = await hawser(['run', '--no-server', '--hostname', 'x'], { cwd: folder });
  t.is(result.code, 2);
  t.regex(withoutStackTrace(result), /needs seeds/);
});

test.serial('an unreadable config file is reported, not passed over', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'hawser.yaml');
  await writeFile(file, 'ssh-ulr: a@b\n');
  await chmod(file, 0o600);
  const result = await hawser(['status'], { cwd: folder });
  t.is(result.code, 2);
  t.regex(withoutStackTrace(result), /ssh-ulr.*ssh-url/);
});
