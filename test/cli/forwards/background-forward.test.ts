import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { resolveEtcd } from '../../../fixtures/index.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { hawser, type Result, temporaryFolder } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

const run = promisify(execFile);

let sshd: Sshd;
let etcd: Etcd;

test.before(async () => {
  [sshd, etcd] = await Promise.all([Sshd.start(), Etcd.start()]);
});
test.after.always(() => Promise.all([sshd?.[Symbol.asyncDispose](), etcd?.[Symbol.asyncDispose]()]));

/** What the tests read of `hawser forward list --json`. */
interface Listed {
  readonly id: string;
  readonly fleet: string;
  readonly listen: string;
  readonly pid: number;
  readonly connections: number;
  readonly endsInMs: number | null;
}

/** A person with the fleet "prod" in their configuration; their forwards end with the test. */
class Person {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;

  private constructor(home: string) {
    this.home = home;
    this.env = { HOME: home, XDG_RUNTIME_DIR: path.join(home, 'run') };
  }

  static async make(t: ExecutionContext): Promise<Person> {
    const person = new Person(await temporaryFolder(t));
    await mkdir(path.join(person.home, 'run'), { mode: 0o700 });
    await mkdir(path.join(person.home, '.ssh'), { mode: 0o700 });
    await mkdir(path.dirname(person.fleetFile), { recursive: true, mode: 0o700 });
    await person.writeFleet();
    t.teardown(() => person.hawser(['forward', 'stop', '--all']));
    return person;
  }

  get fleetFile(): string {
    return path.join(this.home, '.config', 'hawser', 'fleets', 'prod.yaml');
  }

  get sockets(): string {
    return path.join(this.home, 'run', 'hawser');
  }

  async writeFleet(change: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { user, host, port } = sshd.destination;
    const web1 = { ssh: `ssh://${user}@${host}:${port}`, 'host-key': await sshd.hostKey(), ...change };
    const fleet = { name: 'prod', seeds: [etcd.url], 'ssh-id': sshd.identityFile, hosts: { web1 } };
    await writeFile(this.fleetFile, JSON.stringify(fleet), { mode: 0o600 });
  }

  hawser(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return hawser(args, { cwd: this.home, env: { ...this.env, ...env } });
  }

  async start(t: ExecutionContext, ...args: string[]): Promise<Listed> {
    const { code, stdout, stderr } = await this.hawser(['forward', 'start', '--json', ...args]);
    t.is(code, 0, stderr);
    return JSON.parse(stdout);
  }

  async list(): Promise<Listed[]> {
    return JSON.parse((await this.hawser(['forward', 'list', '--json'])).stdout);
  }

  async log(): Promise<string> {
    const folder = path.join(this.home, '.local', 'state', 'hawser', 'forwards');
    const logs = (await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8'));
    return (await Promise.all(logs)).join('');
  }
}

/** How often somebody has logged in. */
function logins(): number {
  return sshd.log.filter((line) => /Accepted publickey/.test(line)).length;
}

/** Waits until a process is gone. */
async function ended(pid: number): Promise<void> {
  const limit = AbortSignal.timeout(30_000);
  while (existsSync(`/proc/${pid}`)) await delay(20, undefined, { signal: limit });
}

test.serial('commands use a forward in the background without logging in again', async (t) => {
  const person = await Person.make(t);
  const { listen, pid } = await person.start(t);
  t.regex(listen, /^unix:\/\/\/.*\/run\/hawser\/[0-9a-f]{16}-[0-9a-f]{8}\.sock$/);
  t.is((await person.hawser(['str', 'set', 'motd', 'hello'])).code, 0);
  const before = logins();
  const got = await person.hawser(['str', 'get', 'motd', '--verbose']);
  t.is(got.stdout, 'hello\n');
  t.true(got.stderr.includes(`Using the forward in the background (process ${pid})`), got.stderr);
  t.is(logins(), before);

  const again = await person.hawser(['forward', 'start']);
  t.deepEqual(again, { code: 0, stdout: `${listen}\n`, stderr: 'A forward to prod runs already.\n' });
  const listed = await person.hawser(['forward', 'list']);
  t.regex(listed.stdout, /^[0-9a-f]{8} +prod +\S+ +connected +0 +in 30 min$/m);

  const other = await person.hawser(['str', 'get', 'motd', '--transport', 'openssh']);
  t.is(other.stdout, 'hello\n', other.stderr);
  t.is(logins(), before + 1);

  t.is((await person.hawser(['forward', 'stop', 'nowhere'])).code, 1);
  const stopped = await person.hawser(['forward', 'stop']);
  t.is(stopped.stderr, 'Stopped the forward to prod.\n');
  await ended(pid);
  t.deepEqual(await readdir(person.sockets), []);
  const none = await person.hawser(['forward', 'stop', 'prod']);
  t.is(none.code, 1);
  t.regex(none.stderr, /^hawser: No forward to prod runs in the background/);
});

test.serial('shells that start one at the same time all get the same', async (t) => {
  const person = await Person.make(t);
  const started = await Promise.all([1, 2, 3, 4].map(() => person.hawser(['forward', 'start'])));
  t.deepEqual(
    started.map(({ code, stdout }) => ({ code, stdout })),
    started.map(() => ({ code: 0, stdout: started[0]?.stdout ?? '' })),
  );
  t.is((await person.hawser(['forward', 'stop'])).stderr, 'Stopped the forward to prod.\n');
});

test.serial('nobody else can enter it, and it keeps no terminal and no secret', async (t) => {
  const person = await Person.make(t);
  const secrets = { HAWSER_PASSWORD: 'sesame-1', SSHPASS: 'sesame-2' };
  const { stdout } = await person.hawser(['forward', 'start', '--json'], secrets);
  const { pid } = JSON.parse(stdout) as Listed;
  const mode = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);
  t.is(await mode(person.sockets), '700');
  for (const name of await readdir(person.sockets)) t.is(await mode(path.join(person.sockets, name)), '600');
  const state = path.join(person.home, '.local', 'state', 'hawser', 'forwards');
  t.is(await mode(state), '700');
  for (const name of await readdir(state)) t.is(await mode(path.join(state, name)), '600');
  for (const file of ['environ', 'cmdline'])
    t.notRegex(readFileSync(`/proc/${pid}/${file}`, 'utf8'), /sesame/);
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [, , , session, terminal] = fields.split(' ');
  t.is(session, String(pid));
  t.is(terminal, '0');

  await chmod(person.sockets, 0o755);
  const before = logins();
  t.is((await person.hawser(['str', 'set', 'other', 'x'])).code, 0);
  t.is(logins(), before + 1);
  const { code, stderr } = await person.hawser(['forward', 'start']);
  t.is(code, 4);
  t.regex(stderr, /^hawser: Other users could enter \S+\/run\/hawser/);
  await chmod(person.sockets, 0o700);
});

test.serial('a forward ends when the trust that it began with does', async (t) => {
  const person = await Person.make(t);
  const changes: readonly [string, () => Promise<void>][] = [
    ['another host key', () => person.writeFleet({ 'host-key': otherKey })],
    ['a host that is gone', () => rm(person.fleetFile)],
  ];
  for (const [what, change] of changes) {
    await person.writeFleet();
    const { pid } = await person.start(t);
    await person.writeFleet({ labels: { zone: 'b' } });
    t.is((await person.hawser(['str', 'set', 'still', 'x', '--verbose'])).code, 0);
    t.is((await person.list()).length, 1, what);
    const before = logins();
    await change();
    await person.hawser(['str', 'get', 'still', '--timeout', '2s']);
    await ended(pid);
    t.deepEqual(await person.list(), [], what);
    // A way that the new trust does not allow is not gone either.
    if (what !== 'another host key') continue;
    t.is(logins(), before);
    t.regex(await person.log(), /Ending: how the fleet is reached, or whom to trust, has changed/);
  }
});

const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';

test.serial(
  'it ends with the line of known_hosts that it was verified by, and with the trust in a directory',
  async (t) => {
    const person = await Person.make(t);
    const known = path.join(person.home, '.ssh', 'known_hosts');
    const { user, host, port } = sshd.destination;
    const line = `[${host}]:${port} ${await sshd.hostKey()}\n`;
    const config = { 'ssh-url': `${user}@${host}:${port}`, 'ssh-id': sshd.identityFile, seeds: etcd.url };
    await rm(person.fleetFile);
    await writeFile(known, line);
    await writeFile(path.join(person.home, 'hawser.yaml'), JSON.stringify(config));
    t.is((await person.hawser(['forward', 'start'])).code, 4);
    await person.hawser(['trust', '.']);
    const first = await person.start(t);
    await writeFile(known, `other.example ${await sshd.hostKey()}\n${line}`);
    t.is((await person.hawser(['str', 'set', 'known', 'x'])).code, 0);
    t.is((await person.list()).length, 1);
    await writeFile(known, `other.example ${await sshd.hostKey()}\n`);
    await ended(first.pid);
    t.regex(await person.log(), /Ending: how the fleet is reached, or whom to trust, has changed/);

    await writeFile(known, line);
    const second = await person.start(t);
    await person.hawser(['trust', '--remove', '.']);
    await ended(second.pid);
  },
);

test.serial('what a dead forward left is removed, and the address stays the same', async (t) => {
  const person = await Person.make(t);
  const { pid, listen } = await person.start(t);
  process.kill(pid, 'SIGKILL');
  await ended(pid);
  const before = logins();
  t.is((await person.hawser(['str', 'set', 'dead', 'x'])).code, 0);
  t.is(logins(), before + 1);
  t.deepEqual(await person.list(), []);
  const env = await person.hawser(['env', '--start']);
  t.is(env.stdout, `export ETCDCTL_ENDPOINTS=${listen}\n`, env.stderr);
  const [one, two] = await Promise.all([person.start(t), person.start(t)]);
  t.is(one.pid, two.pid);
  t.is((await person.list()).length, 1);
});

test.serial('a host that does not answer is said once, with the exit code for it', async (t) => {
  const person = await Person.make(t);
  const { code, stderr } = await person.hawser(['forward', 'start', '--ssh-url', 'root@127.0.0.1:1']);
  t.is(code, 3);
  t.regex(stderr, /^hawser: Could not connect to root@127\.0\.0\.1:1: [^\n]*\n$/);
  t.deepEqual(await person.list(), []);
});

test.serial('it ends by itself when nobody uses it, but not under a client', async (t) => {
  const person = await Person.make(t);
  const { pid } = await person.start(t, '--idle', '1s');
  const watching = hawserInTerminal(t, ['str', 'get', 'idle', '--watch'], {
    cwd: person.home,
    env: person.env,
  });
  await person.hawser(['str', 'set', 'idle', 'one']);
  await watching.shows(/one/);
  const [used] = await person.list();
  t.like(used, { connections: 1, endsInMs: null });
  watching.type('\x03');
  await watching.exited;
  await ended(pid);
  t.regex(await person.log(), /Ending: nobody used it/);
});

test.serial('etcdctl reaches the fleet with what env prints, in a shell', async (t) => {
  const person = await Person.make(t);
  t.is((await person.hawser(['env'])).code, 1);
  await person.hawser(['str', 'set', 'ctl', 'by etcdctl']);
  const etcdctl = path.join(path.dirname((await resolveEtcd()).etcd), 'etcdctl');
  const program = process.env['HAWSER_PROGRAM'] ?? 'dist/bundle/hawser.cjs';
  const script = `eval "$(${process.execPath} ${path.resolve(program)} env --start)" && ${etcdctl} get /_mgmt/strings/ctl`;
  const { stdout } = await run('sh', ['-c', script], { env: { PATH: process.env['PATH'], ...person.env } });
  t.is(stdout, '/_mgmt/strings/ctl\nby etcdctl\n');
});

test.serial('what SSH asks is asked before the forward goes into the background', async (t) => {
  const person = await Person.make(t);
  const key = path.join(person.home, 'locked');
  await writeFile(key, await readFile(sshd.identityFile), { mode: 0o600 });
  await run('ssh-keygen', ['-q', '-p', '-N', 'open sesame', '-f', key]);
  await person.writeFleet({ 'host-key': undefined });
  const args = ['forward', 'start', '--ssh-id', key];
  const terminal = hawserInTerminal(t, args, { cwd: person.home, env: person.env });
  await terminal.shows(/yes\/no\/\[fingerprint\]/);
  terminal.type('yes\r');
  await terminal.shows(/passphrase/i);
  terminal.type('open sesame\r');
  await terminal.shows(/unix:\/\/\//);
  t.is(await terminal.exited, 0);
  t.is((await person.list()).length, 1);
  const before = logins();
  t.is((await person.hawser(['str', 'set', 'asked', 'x', '--ssh-id', key])).code, 0);
  t.is(logins(), before);

  await person.hawser(['forward', 'stop', '--all']);
  const interrupted = hawserInTerminal(t, args, { cwd: person.home, env: person.env });
  await interrupted.shows(/passphrase/i);
  interrupted.type('\x03');
  t.is(await interrupted.exited, 130);
  t.deepEqual(await person.list(), []);
});
