import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DirectEtcd } from '../../helpers/direct-etcd.js';
import { temporaryFolder } from '../../helpers/hawser.js';
import { PlayedHosts } from '../../helpers/played-hosts.js';
import { hawserInShell } from '../../helpers/terminal.js';

let etcd: DirectEtcd;
let hosts: PlayedHosts;

test.before(async () => {
  etcd = await DirectEtcd.start();
  hosts = await PlayedHosts.start(etcd, {
    web1: { role: 'web' },
    web2: { role: 'web' },
    db1: { role: 'db' },
  });
});
test.after.always(async () => {
  await hosts?.[Symbol.asyncDispose]();
  await etcd?.[Symbol.asyncDispose]();
});

/** The deploy of the test that runs. */
let id = 0;

interface ShellOptions {
  readonly size?: readonly [columns: number, rows: number];
  readonly env?: Readonly<Record<string, string>>;
  /** How a shell runs it. */
  readonly script?: string;
}

/** As from a shell that a person types to: Ctrl-C is not for the shell. */
const asJob = 'set -m; "$@"';

/** Starts a deploy in a terminal. */
async function deploying(
  t: ExecutionContext,
  { size = [80, 24], script = asJob, ...options }: ShellOptions = {},
) {
  id += 1;
  const cwd = await temporaryFolder(t);
  await writeFile(path.join(cwd, 'hawser.yaml'), 'name: app\n');
  await writeFile(path.join(cwd, 'where'), cwd);
  const [columns, rows] = size;
  const args = ['deploy', '.', '--no-git', '--yes', '--seeds', etcd.etcd.url];
  return hawserInShell(t, args, { cwd, columns, rows, script, ...options });
}

/** Ends the deploy, healthy on all hosts. */
async function succeed(): Promise<void> {
  for (const host of ['db1', 'web1', 'web2'])
    await hosts.report(id, host, { state: 'healthy', step: 'health', message: 'Healthy.' });
  await hosts.decide(id, { phase: 'done', verdict: 'healthy' });
}

/** What a shell finds afterwards. */
function leftAsItWas(t: ExecutionContext, terminal: { screen(): string; written(): string }): void {
  t.regex(terminal.screen(), /isig icanon [\s\S]* echo /);
  const written = terminal.written();
  t.true(written.lastIndexOf('\u001b[?25h') > written.lastIndexOf('\u001b[?25l'), 'the cursor is shown');
}

const oneLine = (screen: string) => screen.replaceAll('\n', '');

test.serial('three hosts are watched at 80×24, each where it is', async (t) => {
  const terminal = await deploying(t);
  await terminal.shows(/^web2 +waiting/m);
  t.log(terminal.screen());
  await hosts.report(id, 'web1', { state: 'fetching', step: 'fetch', message: 'Fetching the release.' });
  await terminal.shows(/^web1 +fetching +fetch +\ds +Fetching the release\.$/m);
  terminal.type('hello\r\r\r');
  const message = 'Bad \u001b[2J text\n of its own';
  await hosts.report(id, 'db1', { state: 'applying', step: 'start', message });
  await terminal.shows(/^db1 +applying +start +\ds +Bad \\e\[2J text\\n of its own$/m);
  t.log(terminal.screen());
  t.regex(
    terminal.screen(),
    /^Uploaded .*\nRecorded deploy 1\.\nDeploy 1 of app {2}\d+s {2}3 hosts: 1 applying, 1 fetching, 1 waiting\nHOST +STATE +STEP +TIME +LAST LINE\ndb1 .*\nweb1 .*\nweb2 .*$/,
  );
  await succeed();
  await terminal.shows(/exit code/);
  t.log(terminal.screen());
  t.is(await terminal.exited, 0);
  t.regex(
    terminal.screen(),
    /LAST LINE\ndb1 +healthy +health +\ds +Healthy\.\nweb1 .*\nweb2 .*\nDeploy 1 of app is healthy on db1, web1, web2\.\nexit code 0\n/,
  );
  leftAsItWas(t, terminal);
});

test.serial('Ctrl-C detaches, and says how to attach again; Ctrl-C there, too', async (t) => {
  const terminal = await deploying(t);
  await terminal.shows(/^web2 +waiting/m);
  terminal.type('\u0003');
  await terminal.exited;
  const again = `hawser deploys wait ${id} --seeds ${etcd.etcd.url}`;
  const said = `Stopped watching; deploy ${id} goes on without this command. To watch it again: ${again}exit code 130`;
  t.true(oneLine(terminal.screen()).includes(said), terminal.screen());
  t.regex(terminal.screen(), /^web2 +waiting/m, 'what it showed last stays');
  leftAsItWas(t, terminal);

  const attach = async () => {
    const cwd = await temporaryFolder(t);
    const attached = hawserInShell(t, again.split(' ').slice(1), {
      cwd,
      columns: 80,
      rows: 24,
      script: asJob,
    });
    await attached.shows(/^web2 +waiting/m);
    return attached;
  };
  const second = await attach();
  second.type('\u0003');
  await second.exited;
  t.true(oneLine(second.screen()).includes(said), second.screen());

  const third = await attach();
  const failed = {
    state: 'failed',
    step: 'start',
    message: 'It ended (exit code 7).',
    logTail: 'no such file',
  } as const;
  await hosts.report(id, 'web1', failed);
  await hosts.decide(id, { phase: 'going-back', reason: 'web1 failed.' });
  await third.shows(/^web1 +failed[\s\S]*^The hosts that have switched go back\. web1 failed\.$/m);
  t.log(third.screen());
  await hosts.decide(id, { phase: 'done', verdict: 'rolled-back', message: 'web1 failed.' });
  await third.exited;
  t.log(third.screen());
  t.regex(
    third.screen(),
    /^HOST +STATE +STEP +MESSAGE\n[\s\S]*Deploy 2 of app failed and was taken back[\s\S]*\| no such file\nexit code 5$/m,
  );
  t.is(third.screen().match(/^web1/gm)?.length, 1, 'the live view gave way to the result');
});

test.serial('a terminal of another size shows all hosts once', async (t) => {
  const terminal = await deploying(t, { size: [100, 24] });
  await terminal.shows(/^web2 +waiting.*report\.$/m);
  for (const [columns, rows] of [
    [40, 12],
    [30, 5],
    [120, 40],
  ] as const) {
    terminal.resize(columns, rows);
    await hosts.report(id, 'web1', { state: 'applying', message: `Now ${columns}` });
    await terminal.shows(new RegExp(`^web1 +applying.*Now ${columns}$`, 'm'));
    t.log(terminal.screen());
    t.is(terminal.screen().match(/^web1/gm)?.length, 1, terminal.screen());
  }
  await succeed();
  t.is(await terminal.exited, 0);
});

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)
  test.serial(`${signal === 'SIGUSR2' ? 'a crash' : signal} leaves the terminal as it was`, async (t) => {
    const preload = path.join(await temporaryFolder(t), 'crash.cjs');
    await writeFile(preload, "process.on('SIGUSR2', () => { throw new Error('a bug'); });");
    const terminal = await deploying(t, { env: { NODE_OPTIONS: `--require ${preload}` } });
    await terminal.shows(/^web2 +waiting/m);
    terminal.signal(signal);
    await terminal.exited;
    const expected =
      signal === 'SIGUSR2' ? /Error: a bug[\s\S]*exit code 1$/m : /Stopped watching[\s\S]*exit code 130$/m;
    t.regex(terminal.screen(), expected);
    t.regex(terminal.screen(), /^web2 +waiting/m);
    leftAsItWas(t, terminal);
    await succeed();
  });

test.serial('Ctrl-Z gives the terminal back, and fg shows how it is by then', async (t) => {
  const script = 'set -m; "$@"; echo stopped with $?; stty -a; read -r _; fg';
  const terminal = await deploying(t, { script });
  await terminal.shows(/^web2 +waiting/m);
  terminal.type('\u001a');
  await terminal.shows(/stopped with 1\d\d[\s\S]* echo /);
  t.regex(terminal.screen(), /isig icanon/);
  t.notRegex(terminal.screen(), /^web2 +waiting/m);
  await hosts.report(id, 'web2', { state: 'applying', step: 'start', message: 'Meanwhile.' });
  terminal.type('\n');
  await terminal.shows(/^web2 +applying.*Meanwhile\.$/m);
  await succeed();
  t.is(await terminal.exited, 0);
  t.regex(terminal.screen(), /exit code 0/);
  leftAsItWas(t, terminal);
});

test.serial('in the background, and on a dumb terminal, each change is a plain line', async (t) => {
  for (const script of ['set -m; "$@" & wait $!', 'TERM=dumb "$@"']) {
    const terminal = await deploying(t, { script });
    await terminal.shows(/Recorded deploy/);
    await hosts.report(id, 'web1', { state: 'applying', step: 'start', message: 'Starting.' });
    await terminal.shows(/^web1: Starting\.$/m);
    await succeed();
    t.is(await terminal.exited, 0);
    t.notRegex(terminal.screen(), /^HOST/m);
    t.false(terminal.written().includes('\u001b'));
  }
});

test.serial('NO_COLOR takes the colours, and nothing else', async (t) => {
  for (const [env, hasColours] of [
    [{ NO_COLOR: '1' }, false],
    [{}, true],
  ] as const) {
    const terminal = await deploying(t, { env });
    await terminal.shows(/^web2 +waiting/m);
    await succeed();
    await terminal.exited;
    t.is(terminal.written().includes('\u001b[32mhealthy'), hasColours);
  }
});

test.serial('for programs each change is an object in a line, and the last line is the result', async (t) => {
  id += 1;
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'hawser.yaml'), 'name: app\n');
  await writeFile(path.join(folder, 'where'), folder);
  const following = etcd.follow(t, ['deploy', folder, '--no-git', '--yes']);
  const until = Date.now();
  while (!((await etcd.json(['deploys', 'list'])) as { id: number }[]).some((one) => one.id === id))
    t.true(Date.now() - until < 60_000);
  const common = { id, app: 'app', verdict: 'running' };
  await hosts.report(id, 'web1', { state: 'applying', step: 'start', message: 'Starting.' });
  t.like(await following.next(), {
    ...common,
    hostname: 'web1',
    state: 'applying',
    step: 'start',
    message: 'Starting.',
  });
  await hosts.decide(id, { phase: 'going-back', reason: 'web1 failed.' });
  t.like(await following.next(), { ...common, phase: 'going-back', reason: 'web1 failed.' });
  await hosts.decide(id, { phase: 'done', verdict: 'rolled-back', message: 'web1 failed.' });
  const result = (await following.next()) as { hosts: object[] };
  t.like(result, { id, app: 'app', verdict: 'rolled-back' });
  t.is(result.hosts.length, 3);
});
