import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import pLimit from 'p-limit';
import { Interrupts } from '../../cli/interrupt.js';
import { visible } from '../../cli/output/visible.js';
import { program } from '../../cli/program.js';
import { EtcdWorld } from '../../world/index.js';
import { Etcd } from '../world/etcd.js';
import { hawser, temporaryFolder } from './hawser.js';
import { actedOn, drawn, hostile, sentBesidesText, writeHostileFleet } from './hostile.js';
import { hawserInTerminal, type Terminal } from './terminal.js';

/** One call of a command, in a terminal. */
interface Call {
  readonly args: readonly string[];
  /** A value that was asked for keeps its line breaks. */
  readonly isValue?: true;
  /** What the person does; a command that asks draws with its own sequences. */
  readonly person?: (terminal: Terminal) => Promise<void>;
  readonly asks?: true;
  /** It draws its progress over and over. */
  readonly redraws?: true;
}

const runEach = fileURLToPath(new URL('./programs/run-each.js', import.meta.url));

const [key, map] = [hostile('key'), hostile('map')];
const file = `/${hostile('file')}`;
const folder = `/${hostile('folder')}`;

/** Ends what would go on for ever, once it has shown something. */
const interrupted = (shows: RegExp) => async (terminal: Terminal) => {
  await terminal.shows(shows);
  terminal.type('\x03');
};

/** How each command is called; one that is not here fails the first test. */
const calls: Readonly<Record<string, readonly Call[]>> = {
  demo: [{ args: ['--backend', hostile('kind')] }],
  run: [
    {
      args: ['--no-server', '--hostname', 'me', '--prefix', 'PREFIX', '--verbose'],
      person: interrupted(/not made by hawser|is healthy/),
    },
  ],
  deploy: [
    { args: ['APP', '--plan', '-m', hostile('message')] },
    {
      args: ['APP', '-m', hostile('message')],
      asks: true,
      person: async (terminal) => {
        await terminal.shows(/Deploy app as deploy 3/);
        terminal.type('\r');
      },
    },
  ],
  'deploys list': [{ args: [] }],
  'deploys prune': [{ args: ['--keep', '100'] }, { args: ['--keep', hostile('1')] }],
  status: [{ args: [] }, { args: ['--wait-converged', '1ms', '--timeout', '2s'] }],
  'str get': [
    { args: [key], isValue: true },
    { args: [hostile('absent')] },
    { args: ['bytes'] },
    { args: [key, '--watch'], isValue: true, person: interrupted(/EVIL/) },
  ],
  'str watch': [{ args: [key], isValue: true, person: interrupted(/EVIL/) }],
  'str set': [{ args: ['', hostile('value')] }, { args: [hostile('new'), hostile('value')] }],
  'str del': [{ args: [hostile('new')] }],
  'map get': [{ args: [map] }, { args: [map, '--watch'], person: interrupted(/EVIL/) }],
  'map watch': [{ args: [map], person: interrupted(/EVIL/) }],
  'map set': [{ args: [map, 'x', '--hostname', hostile('a/b')] }],
  'map del': [{ args: [map, '--hostname', hostile('a,b')] }],
  'res export': [
    { args: [hostile('a/b'), hostile('name'), hostile('data')] },
    { args: ['--file', hostile('file')] },
  ],
  'res collect': [
    { args: [] },
    { args: ['--hostname', hostile('to')] },
    { args: ['--kind', hostile('a/b')] },
    { args: ['--watch'], person: interrupted(/EVIL/) },
  ],
  'res delete': [{ args: [hostile('a/b'), hostile('name')] }],
  'schedule get': [
    { args: [hostile('backup')] },
    { args: [hostile('backup'), '--watch'], person: interrupted(/EVIL/) },
  ],
  'schedule list': [{ args: [] }],
  'schedule join': [{ args: [hostile('backup'), '--strategy', hostile('none')] }],
  'schedule add': [
    { args: [hostile('backup')] },
    { args: [hostile('backup'), '--persist', '--strategy', hostile('none')] },
  ],
  'schedule withdraw': [{ args: [hostile('a/b')] }],
  'fs ls': [
    { args: [] },
    { args: ['-l', '/'] },
    { args: ['/', '--fs', hostile('broken')] },
    { args: [hostile('/absent')] },
  ],
  'fs tree': [{ args: [] }],
  'fs cat': [{ args: [file], isValue: true }, { args: [folder] }],
  'fs put': [{ args: [hostile('absent'), '/x'] }, { args: ['APP', folder], redraws: true }],
  'fs get': [
    { args: [file, '-'], isValue: true },
    { args: [hostile('/absent'), '.'] },
    { args: ['/', 'OUT'], redraws: true },
  ],
  'fs rm': [{ args: [folder] }, { args: [hostile('/absent')] }],
  'fs du': [{ args: [file] }],
  'fs gc': [{ args: [] }],
  members: [{ args: [] }, { args: ['--watch'], person: interrupted(/EVIL/) }],
  'members recover': [{ args: ['--prefix', hostile('prefix')] }, { args: ['--ssh-url', hostile('root@h')] }],
  endpoints: [{ args: [] }, { args: ['--watch'], person: interrupted(/EVIL/) }],
  size: [{ args: [] }, { args: [hostile('3')] }],
  forward: [
    { args: [hostile('target'), '--ssh-url', hostile('root@h')] },
    { args: ['--listen', hostile('h')] },
  ],
};

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start([], undefined, hostile('member').replaceAll(/[,=]/g, ''));
  await using world = EtcdWorld.connect({ endpoints: [etcd.url], hostname: 'writer' });
  await writeHostileFleet(world.client, hostile);
  const fs = world.fs('etcdfs:///fs/shared');
  await fs.writeFile(file, `${hostile('content')}\n`);
  await fs.mkdir(folder);
  await fs.symlink(hostile('target'), `${folder}/${hostile('link')}`);
});

test.after.always(() => etcd?.[Symbol.asyncDispose]());

function leaves(command: Command, above: readonly string[] = []): string[] {
  return command.commands.flatMap((child) => {
    const at = [...above, child.name()];
    const runs = child.commands.length === 0 || child.name() === 'members';
    return [...(runs ? [at.join(' ')] : []), ...leaves(child, at)];
  });
}

test.serial('every command is called here', (t) => {
  using interrupts = new Interrupts();
  const all = leaves(program({ version: '0', interrupts, exitCode: 0 }));
  t.deepEqual([...Object.keys(calls)].sort(), all.sort());
});

async function scratch(t: ExecutionContext): Promise<string> {
  const cwd = await temporaryFolder(t);
  await mkdir(path.join(cwd, 'app'));
  await writeFile(path.join(cwd, 'app', 'hawser.yaml'), 'name: app\n');
  return cwd;
}

interface Written {
  readonly command: string;
  readonly call: Call;
  readonly written: string;
}

interface Started {
  readonly command: string;
  readonly call: Call;
}

function lineOf({ command, call }: Started, cwd: string, flags: readonly string[]): string[] {
  const places = { APP: path.join(cwd, 'app'), OUT: path.join(cwd, 'out'), PREFIX: path.join(cwd, 'agent') };
  const args = call.args.map((arg) => places[arg as keyof typeof places] ?? arg);
  return [...command.split(' '), ...args, ...(command === 'demo' ? [] : ['--seeds', etcd.url]), ...flags];
}

/** One where a person does something. */
async function runAlone(t: ExecutionContext, started: Started, flags: readonly string[]): Promise<Written> {
  const cwd = await scratch(t);
  const terminal = hawserInTerminal(t, lineOf(started, cwd, flags), { cwd, columns: 2_000 });
  await started.call.person?.(terminal);
  await terminal.exited;
  return { ...started, written: terminal.written().replaceAll('^C', '') };
}

/** Those that need nobody, in one process, which saves a start for each. */
async function runTogether(
  t: ExecutionContext,
  all: readonly Started[],
  flags: readonly string[],
): Promise<Written[]> {
  const cwd = await scratch(t);
  const file = path.join(cwd, 'calls.json');
  await writeFile(file, JSON.stringify(all.map((started) => lineOf(started, cwd, flags))));
  const terminal = hawserInTerminal(t, [file], { cwd, columns: 2_000, program: runEach });
  await terminal.exited;
  const parts = terminal.written().split(/\n@\d+\n/);
  t.is(parts.length, all.length + 1, parts.at(-1));
  return all.map((started, index) => ({ ...started, written: parts[index + 1] ?? '' }));
}

async function run(
  t: ExecutionContext,
  all: readonly Started[],
  flags: readonly string[] = [],
): Promise<Written[]> {
  const limit = pLimit(2);
  const together = await runTogether(
    t,
    all.filter(({ call }) => call.person === undefined),
    flags,
  );
  const alone = all.filter(({ call }) => call.person !== undefined);
  return [
    ...together,
    ...(await Promise.all(alone.map((started) => limit(() => runAlone(t, started, flags))))),
  ];
}

test.serial('nothing that a hostile fleet holds acts on a terminal, whatever the command', async (t) => {
  const all = Object.entries(calls).flatMap(([command, some]) => some.map((call) => ({ command, call })));
  let shown = 0;
  for (const { command, call, written } of await run(t, all)) {
    const name = visible([command, ...call.args].join(' '));
    if (written.includes('EVIL')) shown += 1;
    if (call.asks) t.regex(written, /\n {2}\| tail\\e\[31mEVIL/, 'the output of the app is set off');
    const rest = call.asks || call.redraws ? written.replaceAll(drawn, '') : written;
    t.is(actedOn(written, { isValue: call.isValue ?? false }), undefined, name);
    t.is(sentBesidesText(call.isValue ? rest.replaceAll('\t', ' ') : rest), undefined, name);
  }
  t.true(shown > 50, `${shown} of ${all.length} calls showed something of it`);
});

test.serial('as JSON it is the same value, and nothing in it acts on a terminal', async (t) => {
  const isJson = ({ command, call }: Started) =>
    !['fs cat', 'demo'].includes(command) && !call.asks && !call.args.includes('-');
  const all = Object.entries(calls).flatMap(([command, some]) => some.map((call) => ({ command, call })));
  const readers = all.filter(
    (one) => isJson(one) && (one.call.person === undefined || one.command === 'run'),
  );
  for (const { command, call, written } of await run(t, readers, ['--json'])) {
    const name = visible([command, ...call.args].join(' '));
    t.is(sentBesidesText(written), undefined, name);
    t.is(actedOn(written), undefined, name);
    for (const line of written.split('\n')) if (line !== '') t.notThrows(() => JSON.parse(line), name);
  }
  const { stdout } = await hawser(['str', 'get', key, '--json', '--seeds', etcd.url]);
  t.deepEqual(JSON.parse(stdout), { key, value: hostile('value') });
});

test.serial('a value that was asked for by name goes to a program as it is', async (t) => {
  const value = await hawser(['str', 'get', key, '--seeds', etcd.url]);
  t.is(value.stdout, `${hostile('value')}\n`);
  const content = await hawser(['fs', 'cat', file, '--seeds', etcd.url]);
  t.is(content.stdout, `${hostile('content')}\n`);
  const lines = (await hawser(['map', 'get', map, '--seeds', etcd.url])).stdout.trimEnd().split('\n');
  t.is(lines.length, 2, 'one for each host');
});
