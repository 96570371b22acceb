import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { startFleet, type TestFleet } from '../../../testing/index.js';
import { hawser, shown, startHawser, temporaryFolder } from '../helpers/hawser.js';
import { sentBesidesText } from '../helpers/hostile.js';
import { hawserInTerminal } from '../helpers/terminal.js';

const prefix = '/var/lib/hawser';

let fleet: TestFleet;
let flags: string[];

/** A log of an app on a host. */
async function write(host: string, file: string, ...lines: string[]): Promise<void> {
  await fleet.host(host).writeFile(`${prefix}/apps/${file}`, `${lines.join('\n')}\n`);
}

function at(second: number): string {
  return `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;
}

/** Runs a script on a host. */
async function on(host: string, script: string): Promise<string> {
  return (await fleet.host(host).exec(['sh', '-c', script])).stdout.trim();
}

test.before(async () => {
  fleet = await startFleet({ hosts: 2, backend: 'containers' });
  flags = [
    ...fleet.hosts.flatMap(({ destination }) => ['--ssh-url', destination]),
    ...['--ssh-known-hosts', fleet.knownHostsFile, '--ssh-id', fleet.identityFile],
  ];
  await write('h1', 'web/log/main.log.1', `${at(1)} one`, `${at(3)} three`);
  await write('h1', 'web/log/main.log', `${at(5)} five`, '\tat five', `${at(7)} seven`);
  await write('h2', 'web/log/main.log', `${at(2)} two`, `${at(4)} four`, `${at(6)} six`);
  await write('h2', 'web/log/worker.log', `${at(8)} eight`);
});
test.after.always(() => fleet?.close());

/** What stands behind the hosts. */
function texts(stdout: string): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+ +/, ''));
}

test.serial('lines of all hosts are merged by time, each behind its host', async (t) => {
  const { code, stdout, stderr } = await hawser(['logs', 'web', '--process', 'main', ...flags]);
  t.is(code, 0, stderr);
  const expected = ['one', 'two', 'three', 'four', 'five', '\tat five', 'six', 'seven'];
  t.deepEqual(
    texts(stdout).map((line) => line.replace(/^\| (\S+Z )?/, '')),
    expected,
  );
  const [first, second] = fleet.hosts.map(({ destination }) => destination);
  t.true(stdout.startsWith(`${first} | ${at(1)} one\n${second} | ${at(2)} two\n`), stdout);
});

test.serial('programs get an object a line; the newest lines are counted over rotated files', async (t) => {
  const { code, stdout } = await hawser(['logs', 'web', '-n', '4', '--json', ...flags]);
  t.is(code, 0);
  const [first, second] = fleet.hosts.map(({ destination }) => destination);
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(all, [
    { hostname: second, process: 'main', at: at(2), line: `${at(2)} two` },
    { hostname: first, process: 'main', at: at(3), line: `${at(3)} three` },
    { hostname: second, process: 'main', at: at(4), line: `${at(4)} four` },
    { hostname: first, process: 'main', at: at(5), line: `${at(5)} five` },
    { hostname: first, process: 'main', line: '\tat five' },
    { hostname: second, process: 'main', at: at(6), line: `${at(6)} six` },
    { hostname: first, process: 'main', at: at(7), line: `${at(7)} seven` },
    { hostname: second, process: 'worker', at: at(8), line: `${at(8)} eight` },
  ]);
});

test.serial('with --since, lines that say they are older are left out, and others are not', async (t) => {
  const now = new Date().toISOString();
  await write('h1', 'young/log/main.log', `${at(1)} old`, 'its second line', `${now} new`, 'its own');
  const { stdout } = await hawser(['logs', 'young', '--since', '1h', ...flags]);
  t.deepEqual(texts(stdout), [`| ${now} new`, '| its own']);
});

test.serial('whoever asks for what is not there is told what is', async (t) => {
  const hosts = fleet.hosts.map(({ destination }) => destination).join(' and ');
  const app = await hawser(['logs', 'wbe', ...flags]);
  t.is(app.code, 2);
  const there = '(did you mean "web"?): there are web, young.';
  t.is(app.stderr, `hawser: There is no app wbe on ${hosts} ${there}\n`);
  const process = await hawser(['logs', 'web', '--process', 'cron', ...flags]);
  t.is(process.code, 2);
  t.is(process.stderr, `hawser: web has no process cron on ${hosts}: there are main, worker.\n`);
  for (const name of ['../../etc', 'Web', '', '-f x', 'a/b', 'a*']) {
    const { code, stderr } = await hawser(['logs', ...flags, '--', name]);
    t.is(code, 2);
    t.regex(stderr, /is no name of an app/);
  }
});

test.serial('a host that cannot be reached is named, and the others are read', async (t) => {
  const { code, stdout, stderr } = await hawser([
    ...['logs', 'web', '--process', 'worker', '--ssh-url', 'root@127.0.0.1:1'],
    ...flags,
  ]);
  t.is(code, 1);
  t.regex(stdout, /eight/);
  t.regex(stderr, /^hawser: root@127\.0\.0\.1:1: .*\n/);
  t.regex(stderr, /The logs are incomplete: 1 of 3 hosts could not be read \(root@127\.0\.0\.1:1\)\.\n$/);
});

test.serial('what an app writes acts on no terminal, and cannot pass for another host', async (t) => {
  const evil = '\x1b[2J\x1b]0;EVIL\x07\x9b31m\r\u202eEVIL\b';
  await write('h1', 'evil/log/main.log', evil, `${'x'.repeat(200_000)}`, '==> other.log <==', 'h2 | \x00');
  await fleet.host('h1').exec(['sh', '-c', `printf 'no end \\377' >> ${prefix}/apps/evil/log/main.log`]);
  const { stdout } = await hawser(['logs', 'evil', ...flags]);
  const lines = texts(stdout);
  t.is(lines.length, 5);
  t.is(lines[0], '| \\e[2J\\e]0;EVIL\\a\\x9b31m\\r\\u202eEVIL\\b');
  t.true((lines[1] ?? '').length < 5_000);
  t.deepEqual(lines.slice(2), ['| ==> other.log <==', '| h2 | \\x00', '| no end \ufffd']);
  const cwd = await temporaryFolder(t);
  const json = await hawser(['logs', 'evil', '--json', ...flags]);
  t.is(JSON.parse(json.stdout.split('\n')[0] ?? '').line, evil);
  for (const env of [{}, { NO_COLOR: '1' }]) {
    const terminal = hawserInTerminal(t, ['logs', 'evil', ...flags], { cwd, columns: 10_000, env });
    await terminal.exited;
    const written = terminal.written();
    const uncoloured = written.replaceAll('\x1b[36m', '').replaceAll('\x1b[0m', '');
    t.is(sentBesidesText(uncoloured), undefined);
    t.is(written.includes('\x1b[36m'), !('NO_COLOR' in env));
  }
});

test.serial(
  'what is new is shown, after a rotation too, until Ctrl-C, which ends all on the hosts',
  async (t) => {
    const log = `${prefix}/apps/web/log/main.log`;
    const child = startHawser(['logs', 'web', '-f', '-n', '1', '--process', 'main', ...flags]);
    t.teardown(() => child.kill('SIGKILL'));
    await shown(child.stdout, /seven/);
    await appears(t, child.stdout, 'h2', `echo appended >> ${log}`, /appended/);
    // As the agent does it: a copy, and the program goes on in the file that was emptied.
    await appears(
      t,
      child.stdout,
      'h1',
      `cp ${log} ${log}.1 && : > ${log} && echo rotated >> ${log}`,
      /rotated/,
    );
    t.not(await on('h1', 'pgrep -x tail'), '');
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    t.is(code, 130);
    for (const host of ['h1', 'h2'])
      t.is(
        await on(
          host,
          'for i in $(seq 100); do pgrep -x tail >/dev/null || exit 0; sleep 0.1; done; echo left',
        ),
        '',
      );
  },
);

async function appears(
  t: ExecutionContext,
  stream: NodeJS.ReadableStream | null,
  host: string,
  script: string,
  expected: RegExp,
): Promise<void> {
  const seen = shown(stream, expected);
  await on(host, script);
  await seen;
  t.pass();
}
