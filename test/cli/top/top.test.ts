import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { PlayedHosts } from '../helpers/played-hosts.js';
import { hawserInShell } from '../helpers/terminal.js';

let etcd: DirectEtcd;
let hosts: PlayedHosts;

test.before(async () => {
  etcd = await DirectEtcd.start();
  hosts = await PlayedHosts.start(etcd, { web1: { role: 'web' }, web2: { role: 'web' } });
});
test.after.always(async () => {
  await hosts?.[Symbol.asyncDispose]();
  await etcd?.[Symbol.asyncDispose]();
});

interface ScreenOptions {
  readonly size?: readonly [columns: number, rows: number];
  readonly env?: Readonly<Record<string, string>>;
  readonly script?: string;
  readonly flags?: readonly string[];
}

/** As from a shell that a person types to: Ctrl-C is not for the shell. */
const asJob = 'set -m; "$@"';

async function top(
  t: ExecutionContext,
  { size = [80, 24], script = asJob, flags = [], ...options }: ScreenOptions = {},
) {
  const [columns, rows] = size;
  const cwd = await temporaryFolder(t);
  const args = ['top', '--seeds', etcd.etcd.url, ...flags];
  return hawserInShell(t, args, { cwd, columns, rows, script, ...options });
}

/** What a shell finds afterwards. */
function leftAsItWas(t: ExecutionContext, terminal: { screen(): string; written(): string }): void {
  t.regex(terminal.screen(), /isig icanon [\s\S]* echo /);
  t.notRegex(terminal.screen(), /^ {2}HOST/m, 'what was there before is back');
  const written = terminal.written();
  t.true(written.lastIndexOf('\u001b[?25h') > written.lastIndexOf('\u001b[?25l'), 'the cursor is shown');
  t.true(written.lastIndexOf('\u001b[?1049l') > written.lastIndexOf('\u001b[?1049h'));
}

async function run(hostname: string, app: string, state: 'running' | 'restarting'): Promise<void> {
  await using world = etcd.world(hostname);
  const at = '2026-01-02T03:04:05Z';
  const main = { state, restarts: 0, since: at, lastExit: 'exited (exit code 7)' };
  await world.setRunning({ at, apps: { [app]: { deploy: 1, tree: 't', since: at, processes: { main } } } });
}

test.serial('hosts come, change and go at 80×24, and a change costs little', async (t) => {
  const terminal = await top(t);
  // The member of etcd is no host of the fleet, and nobody misses its agent.
  await terminal.shows(/^> m1 +gone +voter[\s\S]*^ {2}web1 +up +client[\s\S]*^ {2}web2 +up[\s\S]*^OK$/m);
  t.log(terminal.screen());
  t.is(terminal.screen().split('\n').length, 23);
  t.regex(terminal.screen(), /^3 hosts; etcd: 1 voter, led by m1, [\d.]+ \w+\n {2}HOST +AGENT +ETCD/);
  terminal.type('j');
  await terminal.shows(/^> web1/m);

  const before = terminal.written().length;
  await run('web1', 'shop', 'running');
  await terminal.shows(/^> web1 .* shop 1$/m);
  const changed = terminal.written().slice(before);
  t.log(`${changed.length} characters for a changed cell`);
  t.true(changed.length <= 200, JSON.stringify(changed));
  await run('web1', 'shop', 'restarting');
  await terminal.shows(/^> web1 .* shop 1 \(down\)$[\s\S]*^shop \(deploy 1\) is not well on web1 since/m);

  const more = await PlayedHosts.start(etcd, { db1: { role: 'db' } });
  await terminal.shows(/^4 hosts;[\s\S]*^ {2}db1 +up/m);
  t.regex(terminal.screen(), /^> web1/m, 'the cursor stays with its host');
  await more[Symbol.asyncDispose]();
  await terminal.shows(/^4 hosts, 1 gone;[\s\S]*^ {2}db1 +gone[\s\S]*^The agent of db1 is not running/m);
  t.log(terminal.screen());

  terminal.type('\u001b[B');
  await terminal.shows(/^> web2/m);
  terminal.type('s');
  await terminal.shows(/by state/);
  t.regex(terminal.screen(), /^ {2}db1[^\n]*\n {2}web1[^\n]*\n> web2/m);
  terminal.type('/ROLE=web\r');
  await terminal.shows(/^2 of 2\/4 with "ROLE=web", by state/m);
  t.notRegex(terminal.screen(), /^..db1/m);
  terminal.type('g\r');
  await terminal.shows(/^web1 {2}Esc for all hosts/m);
  const shown = /^shop +1 +unwell +2026-01-02 03:04:05 UTC +main restarting \(exited/m;
  t.regex(terminal.screen(), shown);
  t.log(terminal.screen());
  terminal.type('\u001b');
  await terminal.shows(/^> web1/m);
  terminal.type('q');
  t.is(await terminal.exited, 0);
  t.regex(terminal.screen(), /exit code 0/);
  leftAsItWas(t, terminal);
});

test.serial('without a terminal it refuses, and names what to run instead', async (t) => {
  const { code, stderr } = await hawser(['top', '--seeds', etcd.etcd.url]);
  t.is(code, 2);
  t.regex(stderr, /^hawser: top needs a terminal .*"hawser status" .*"hawser top --json"/);
});

test.serial('at 200×50 a deploy in progress is followed, and programs get an object a line', async (t) => {
  const terminal = await top(t, { size: [200, 50], env: { NO_COLOR: '1' } });
  await terminal.shows(/^ {2}web2 +up/m);
  t.is(terminal.screen().split('\n').length, 49);
  t.notRegex(terminal.screen(), /^deploy/m);
  const following = etcd.follow(t, ['top']);
  t.like(await following.next(), { ok: false, deploys: [] });

  const cwd = await temporaryFolder(t);
  await writeFile(path.join(cwd, 'hawser.yaml'), 'name: blog\n');
  await etcd.run(['deploy', cwd, '--no-git', '--yes', '--no-wait', '--allow-missing']);
  await terminal.shows(/^deploy 1 blog: running \(.*2 waiting.*\)$/m);
  await hosts.report(1, 'web1', { state: 'applying', step: 'start', message: 'Starting.' });
  await terminal.shows(/^deploy 1 blog: running \(.*1 applying.*1 waiting.*\)$/m);
  t.log(terminal.screen());
  let seen: unknown;
  do seen = await following.next();
  while (!JSON.stringify(seen).includes('"applying":1'));
  t.like(seen, { deploys: [{ id: 1, app: 'blog', phase: 'running' }] });
  await hosts.decide(1, { app: 'blog', phase: 'done', verdict: 'healthy' });
  await terminal.shows(/^4 hosts[^\n]*\n {2}HOST/m);

  terminal.resize(60, 12);
  await terminal.shows(/^ {2}web1 .* shop 1 \(…\n/m);
  t.is(terminal.screen().split('\n').length, 11, terminal.screen());
  t.log(terminal.screen());
  t.false(terminal.written().includes('\u001b[31m'), 'no colours');
  terminal.type('\u0003');
  await terminal.exited;
  t.regex(terminal.screen(), /exit code 130/);
  leftAsItWas(t, terminal);
  t.is(await following.interrupt(), 130);
});

for (const signal of ['SIGTERM', 'SIGUSR2'] as const)
  test.serial(`${signal === 'SIGUSR2' ? 'a crash' : signal} leaves the terminal as it was`, async (t) => {
    const preload = path.join(await temporaryFolder(t), 'crash.cjs');
    await writeFile(preload, "process.on('SIGUSR2', () => { throw new Error('a bug'); });");
    const terminal = await top(t, { env: { NODE_OPTIONS: `--require ${preload}` } });
    await terminal.shows(/^ {2}web2 +up/m);
    terminal.signal(signal);
    await terminal.exited;
    t.regex(terminal.screen(), signal === 'SIGUSR2' ? /Error: a bug[\s\S]*exit code 1$/m : /exit code 130$/m);
    leftAsItWas(t, terminal);
  });

test.serial('Ctrl-Z gives the terminal back, and fg shows how it is by then', async (t) => {
  const script = 'set -m; "$@"; echo stopped with $?; stty -a; read -r _; fg';
  const terminal = await top(t, { script });
  await terminal.shows(/^ {2}web2 +up/m);
  terminal.type('\u001a');
  await terminal.shows(/stopped with 1\d\d[\s\S]* echo /);
  t.notRegex(terminal.screen(), /^ {2}web2/m);
  await run('web2', 'meanwhile', 'running');
  terminal.type('\n');
  await terminal.shows(/^ {2}web2 .* meanwhile 1$/m);
  terminal.type('q');
  t.is(await terminal.exited, 0);
  leftAsItWas(t, terminal);
});

test.serial(
  'while etcd does not answer, that is the worst problem, and the rest is what was known',
  async (t) => {
    const terminal = await top(t, { flags: ['--timeout', '1s'] });
    await terminal.shows(/^ {2}web2 +up/m);
    await etcd.etcd.kill();
    await terminal.shows(/^etcd has not answered since [\d:]+ UTC/m);
    t.regex(terminal.screen(), /^ {2}web2 +up/m);
    t.log(terminal.screen());
    await etcd.etcd.restart();
    await terminal.shows(/^4 hosts(?![\s\S]*not answered)/m);
    await run('web2', 'back', 'running');
    await terminal.shows(/^ {2}web2 .* back 1$/m);
    terminal.type('q');
    t.is(await terminal.exited, 0);
  },
);
