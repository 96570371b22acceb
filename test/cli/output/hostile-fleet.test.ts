import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import pLimit from 'p-limit';
import { Interrupts } from '../../../cli/interrupts.js';
import { visible } from '../../../cli/output/escape-controls.js';
import { program } from '../../../cli/program.js';
import { EtcdWorld } from '../../../world/index.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { checkJsonOutput } from '../helpers/check-json-output.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { actedOn, drawn, hostile, sentBesidesText, writeHostileFleet } from '../helpers/hostile.js';
import { type Call, calls, file, folder, key, map } from '../helpers/hostile-calls.js';
import { hawserInTerminal } from '../helpers/terminal.js';

const runEach = fileURLToPath(new URL('../helpers/run-each.js', import.meta.url));

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start([], undefined, hostile('member').replaceAll(/[,=]/g, ''));
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'writer' });
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
    const runs = child.commands.length === 0 || ['members', 'forward'].includes(child.name());
    return [...(runs ? [at.join(' ')] : []), ...leaves(child, at)];
  });
}

test.serial('every command is called here', async (t) => {
  using interrupts = new Interrupts();
  const all = leaves(await program({ version: '0', interrupts, exitCode: 0 }));
  t.deepEqual([...Object.keys(calls)].sort(), all.sort());
});

async function scratch(t: ExecutionContext): Promise<string> {
  const cwd = await temporaryFolder(t);
  await mkdir(path.join(cwd, 'app'));
  await writeFile(path.join(cwd, 'app', 'hawser.yaml'), 'name: app\n');
  const host = { ssh: hostile('ssh'), labels: { [hostile('label')]: hostile('value') } };
  const fleet = { name: hostile('name'), hosts: { [hostile('host')]: host }, [hostile('key')]: 1 };
  await writeFile(path.join(cwd, 'fleet.yaml'), JSON.stringify(fleet));
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

/** Commands that talk to no fleet. */
const withoutFleet = /^(demo|lab .*|init|trust|bridge|exec|ssh|cp|fleet .*|forward list|completion)$/;

function lineOf({ command, call }: Started, cwd: string, flags: readonly string[]): string[] {
  const places = {
    APP: path.join(cwd, 'app'),
    OUT: path.join(cwd, 'out'),
    PREFIX: path.join(cwd, 'agent'),
    FLEET: path.join(cwd, 'fleet.yaml'),
  };
  const args = call.args.map((arg) => places[arg as keyof typeof places] ?? arg);
  const own = args.includes('--') ? args.indexOf('--') : args.length;
  return [
    ...command.split(' '),
    ...args.slice(0, own),
    ...(withoutFleet.test(command) ? [] : ['--seeds', etcd.url]),
    ...flags,
    ...args.slice(own),
  ];
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
    for (const line of written.split('\n').filter((one) => one !== '')) {
      t.notThrows(() => JSON.parse(line), name);
      const isError = line.startsWith('{"error"');
      const printed = isError ? { stdout: '', stderr: `${line}\n` } : { stdout: `${line}\n` };
      t.notThrows(() =>
        checkJsonOutput({ args: [...command.split(' '), ...call.args, '--json'], ...printed }),
      );
    }
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
