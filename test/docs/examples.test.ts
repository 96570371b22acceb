import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { resolveEtcd } from '../../fixtures/index.js';
import { EtcdWorld } from '../../world/index.js';
import { Sshd } from '../tunnel/helpers/sshd.js';
import { Etcd } from '../world/helpers/etcd.js';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const examples = path.join(project, 'dist/examples');

/** One host: an agent in the example program that embeds it, and the sshd that leads to it. */
interface TestHost {
  readonly folder: string;
  readonly sshd: Sshd;
  readonly agent: ChildProcess;
  readonly seed: string;
}

let host: TestHost | undefined;

test.before(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-examples-'));
  const sshd = await Sshd.start();
  await mkdir(path.join(folder, '.ssh'));
  await writeFile(path.join(folder, '.ssh', 'config'), sshConfig(sshd));
  const prefix = path.join(folder, 'agent');
  const { etcd } = await resolveEtcd();
  const agent = example('embed-agent', [prefix], { home: folder, env: { HAWSER_ETCD: etcd } });
  host = { folder, sshd, agent, seed: `unix://${prefix}/etcd.sock` };
  await lines(agent).next();
  await agentRegistered(host.seed);
});

test.after.always(async () => {
  if (host === undefined) return;
  host.agent.kill('SIGKILL');
  await host.sshd[Symbol.asyncDispose]();
  await rm(host.folder, { recursive: true, force: true });
});

function sshConfig({ port, identityFile, knownHostsFile }: Sshd): string {
  const { username } = userInfo();
  return `Host web*
  HostName 127.0.0.1
  Port ${port}
  User ${username}
  IdentityFile ${identityFile}
  UserKnownHostsFile ${knownHostsFile}
`;
}

/** Starts an example as a user would. It ends with this process. */
function example(
  name: string,
  args: readonly string[],
  { home, env }: { readonly home: string; readonly env?: NodeJS.ProcessEnv },
): ChildProcess {
  const file = path.resolve(examples, `${name}.js`);
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, file, ...args], {
    env: { PATH: process.env['PATH'], HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function running(): TestHost {
  if (host === undefined) throw new Error('the host does not run');
  return host;
}

function lines({ stdout }: ChildProcess): AsyncIterableIterator<string> {
  if (stdout === null) throw new TypeError('stdout is a pipe');
  return createInterface({ input: stdout })[Symbol.asyncIterator]();
}

/** Waits until the agent can be used at its socket. */
async function agentRegistered(seed: string): Promise<void> {
  await using world = await EtcdWorld.open({ seeds: [seed] }, { timeoutMs: 60_000 });
  const signal = AbortSignal.timeout(60_000);
  for await (const _ of world.watchAgents({ signal })) {
    if ((await world.getAgents({ signal })).size > 0) return;
  }
}

/** What an example prints, and the code that it ends with. */
async function result(child: ChildProcess): Promise<{ stdout: string; code: number }> {
  if (child.stdout === null) throw new TypeError('stdout is a pipe');
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { stdout, code };
}

test.serial('watch-string prints a string and each change of it, until Ctrl-C', async (t) => {
  const { seed, folder } = running();
  await using world = await EtcdWorld.open({ seeds: [seed] });
  const child = example('watch-string', ['web1', 'motd', seed], { home: folder });
  t.teardown(() => child.kill('SIGKILL'));
  const shown = lines(child);
  t.is((await shown.next()).value, '(none)');
  await world.strSet('motd', 'back at noon');
  t.is((await shown.next()).value, 'back at noon');
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  t.deepEqual(await exited, [0, null]);
});

test.serial('deploy runs a directory on the host and waits until it is healthy', async (t) => {
  const { seed, folder } = running();
  const app = path.join(folder, 'web');
  await mkdir(app);
  await writeFile(path.join(app, 'server.mjs'), 'setInterval(() => undefined, 1_000);');
  const { stdout, code } = await result(example('deploy', ['web1', app, seed], { home: folder }));
  t.regex(stdout, new RegExp(`^${hostname()}: .+\ndeploy 1 is healthy\n$`));
  t.is(code, 0);
});

test.serial('forward gives etcdctl the etcd of the host', async (t) => {
  const { seed, folder } = running();
  const { etcd } = await resolveEtcd();
  const command = [path.join(path.dirname(etcd), 'etcdctl'), 'member', 'list'];
  const args = ['web1', new URL(seed).pathname, ...command];
  const { stdout, code } = await result(example('forward', args, { home: folder }));
  t.regex(stdout, new RegExp(`, started, ${hostname()}, `));
  t.is(code, 0);
});

test.serial('the example of the README prints a string and each change of it', async (t) => {
  const { seed, folder } = running();
  await using world = await EtcdWorld.open({ seeds: [seed] });
  const child = example(await compiledReadme(t, seed), [], { home: folder });
  t.teardown(() => child.kill('SIGKILL'));
  const shown = lines(child);
  t.is((await shown.next()).value, 'back at noon');
  await world.strSet('motd', 'back at two');
  t.is((await shown.next()).value, 'back at two');
});

/** Compiles the program in the README for this host, in a package of its own, and says where it is, without `.js`. */
async function compiledReadme(t: ExecutionContext, seed: string): Promise<string> {
  const readme = await readFile(path.join(project, 'README.md'), 'utf8');
  const [, code = ''] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  t.true(code.includes("{ ssh: 'root@web1' }"));
  const own = await mkdtemp(path.join(tmpdir(), 'hawser-readme-'));
  t.teardown(() => rm(own, { recursive: true, force: true }));
  const modules = path.join(own, 'node_modules');
  await mkdir(modules);
  await symlink(project, path.join(modules, 'hawser'));
  await symlink(path.join(project, 'node_modules/@types'), path.join(modules, '@types'));
  await writeFile(path.join(own, 'package.json'), '{"type":"module"}');
  const file = path.join(own, 'example.ts');
  await writeFile(file, code.replace("{ ssh: 'root@web1' }", JSON.stringify({ ssh: 'web1', seeds: [seed] })));
  const tsc = path.join(project, 'node_modules/typescript/bin/tsc');
  const options = '--ignoreConfig --target es2022 --lib es2023,esnext.disposable --module nodenext --strict';
  await promisify(execFile)(process.execPath, [tsc, ...options.split(' '), '--types', 'node', file]);
  return path.join(own, 'example');
}

test.serial('trace shows connections, forwards and calls as a tracer would', async (t) => {
  const { seed, folder } = running();
  const { stdout, code } = await result(example('trace', ['web1', seed], { home: folder }));
  t.is(code, 0);
  t.regex(stdout, /^hawser:connect \{"destination":"\S+@127\.0\.0\.1:\d+"\} \d+ ms$/m);
  t.regex(stdout, /^hawser:forward \{"host":"\S+@127\.0\.0\.1:\d+","target":"\/.*etcd\.sock"\} \d+ ms$/m);
  t.regex(stdout, /^hawser:call \{"operation":"read the string .*motd.*","attempts":1\} \d+ ms$/m);
  t.notRegex(stdout, /failed/);
});

test.serial('lead leads after the other is gone', async (t) => {
  const { seed, folder } = running();
  const first = example('lead', ['web1', 'report', seed], { home: folder });
  t.teardown(() => first.kill('SIGKILL'));
  const one = lines(first);
  t.is((await one.next()).value, `${hostname()} ${first.pid} leads`);
  const second = example('lead', ['web1', 'report', seed], { home: folder });
  t.teardown(() => second.kill('SIGKILL'));
  const other = lines(second);
  first.kill('SIGINT');
  t.is((await one.next()).value, 'not any more');
  t.is((await other.next()).value, `${hostname()} ${second.pid} leads`);
  const exited = once(second, 'exit');
  second.kill('SIGINT');
  t.deepEqual(await exited, [0, null]);
});

test.serial('inventory shows what every machine has written', async (t) => {
  const { seed, folder } = running();
  const first = await result(example('inventory', ['web1', 'h1', seed], { home: folder }));
  t.regex(first.stdout, /^h1 \{"kernel":"[^"]+","cpus":\d+,"memoryGb":\d+\}\n$/);
  const second = await result(example('inventory', ['web1', 'h2', seed], { home: folder }));
  t.regex(second.stdout, /^h1 \{.*\}\nh2 \{.*\}\n$/);
  t.is(second.code, 0);
});

test.serial('exec-many runs a command on many hosts, and fails where one of them did', async (t) => {
  const { folder } = running();
  const hosts = Array.from({ length: 12 }, (_, index) => `web${index + 1}`);
  const all = await result(example('exec-many', ['echo up', ...hosts], { home: folder }));
  t.deepEqual(all.stdout.trim().split('\n').sort(), hosts.map((name) => `${name}: up`).sort());
  t.is(all.code, 0);
  const some = await result(example('exec-many', ['echo up', 'web1', '127.0.0.1:1'], { home: folder }));
  t.deepEqual(some, { stdout: 'web1: up\n', code: 1 });
});

test.serial(
  'scheduler-strategy chooses by its own rule, and again when the chosen one is gone',
  async (t) => {
    const { folder } = running();
    await using etcd = await Etcd.start();
    const start = (name: string) => example('scheduler-strategy', ['web1', name, etcd.url], { home: folder });
    const chosen = start('h2');
    t.teardown(() => chosen.kill('SIGKILL'));
    const decisions = lines(chosen);
    while ((await decisions.next()).value !== 'it is us');
    const next = start('h1');
    t.teardown(() => next.kill('SIGKILL'));
    const seen = lines(next);
    t.is((await seen.next()).value, 'it is h2');
    chosen.kill('SIGINT');
    while ((await seen.next()).value !== 'it is us');
    const exited = once(next, 'exit');
    next.kill('SIGINT');
    t.deepEqual(await exited, [0, null]);
  },
);

test.serial('file-system sends what is new, and reads it back', async (t) => {
  const { seed, folder } = running();
  const config = path.join(folder, 'config');
  await mkdir(path.join(config, 'deeper'), { recursive: true });
  await writeFile(path.join(config, 'motd'), 'back at noon');
  await writeFile(path.join(config, 'deeper', 'file'), '');
  const run = () => result(example('file-system', ['web1', config, '/config', seed], { home: folder }));
  t.regex((await run()).stdout, /^2 files, [1-9]\d* blocks sent\n\/config\/motd: 12 bytes\n$/);
  t.deepEqual(await run(), { stdout: '2 files, 0 blocks sent\n/config/motd: 12 bytes\n', code: 0 });
});

test.serial('test-with-hosts passes', async (t) => {
  const { folder } = running();
  const file = path.join(examples, 'test-with-hosts.js');
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: folder };
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', file], { env });
  t.regex(stdout, /^# pass 1$/m);
});

test.serial('every example is listed in its README, and none is longer than a screen', async (t) => {
  const folder = path.join(project, 'examples');
  const readme = await readFile(path.join(folder, 'README.md'), 'utf8');
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.ts'))) {
    t.true(readme.includes(`](${name})`), name);
    const code = await readFile(path.join(folder, name), 'utf8');
    t.regex(code, /^\/\*\*\n \* /, name);
    const imports = [...code.matchAll(/ from '([^']+)'/g)].map(([, from = '']) => from);
    t.true(
      imports.every((from) => /^(hawser|node:)/.test(from)),
      name,
    );
    if (name !== 'trace.ts') t.true(code.split('\n').length <= 41, name);
  }
});

test.serial('embed-agent stops on Ctrl-C', async (t) => {
  const { agent } = running();
  const exited = once(agent, 'exit');
  agent.kill('SIGINT');
  t.deepEqual(await exited, [0, null]);
});
