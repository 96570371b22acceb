import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { hawser, shown, startHawser, temporaryFolder } from './helpers/hawser.js';
import { privateCache } from './helpers/private-cache.js';
import { hawserInTerminal } from './helpers/terminal.js';

const demo = test.macro({
  async exec(t, backend: string) {
    const { env, fleets } = await privateCache(t);
    const { code, stdout, stderr } = await hawser(['demo', '--json', '--backend', backend], { env });
    t.is(code, 0, stderr);
    const { hosts, ...rest } = JSON.parse(stdout);
    t.is(rest.backend, backend);
    t.true(Number.isInteger(rest.totalMs) && Number.isInteger(rest.deployMs));
    t.true(0 < rest.deployMs && rest.deployMs < rest.totalMs);
    t.deepEqual(
      hosts,
      ['h1', 'h2', 'h3'].map((host) => ({ host, answer: `Hello from ${host}, release 1` })),
    );
    t.deepEqual(await fleets(), []);
  },
  title: (_, backend) =>
    `the demo brings three hosts up as ${backend}, deploys to them over SSH, shows what the apps answer, and goes`,
});

test.serial('the demo shows what the README shows of it, and the hosts are containers', async (t) => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, shownThere = ''] = /\$ npm run demo -- --keep\n([^`]*)/.exec(readme) ?? [];
  // The question needs a terminal; which host is first, how long it takes and what is full differs.
  const lines = shownThere.split('\n').filter((line) => line !== '' && !/^[…✔]/.test(line));
  t.true(lines.length > 15);
  const { env, fleets } = await privateCache(t);
  const { code, stdout, stderr } = await hawser(['demo', '--yes', '--backend', 'containers'], { env });
  t.is(code, 0, stderr);
  const plain = (text: string) =>
    text
      .replace(/\d+\.\d s/g, 'N s')
      .replace(/ (\d+%|-) +-$/gm, ' N% -')
      .replace(/led by h\d, \d+ kB/, 'led by h1, N kB')
      .replace(/ +$/gm, '');
  const printed = plain(stdout + stderr).split('\n');
  t.deepEqual(
    lines.map(plain).filter((line) => !printed.includes(line)),
    [],
  );
  t.deepEqual(await fleets(), []);
});
test.serial(demo, 'processes');

const interrupted = test.macro({
  async exec(t, stream: 'stdout' | 'stderr', moment: RegExp) {
    const { env, fleets } = await privateCache(t);
    const child = startHawser(['demo', '--yes'], { env });
    child[stream === 'stdout' ? 'stderr' : 'stdout']?.resume();
    await shown(child[stream], moment);
    child[stream]?.resume();
    child.kill('SIGINT');
    t.deepEqual(await once(child, 'exit'), [130, null]);
    t.deepEqual(await fleets(), []);
  },
  title: (_, _stream, moment) => `a demo that is interrupted at ${moment} ends with 130 and leaves nothing`,
});

test.serial(interrupted, 'stdout', /Starting 3 hosts/);
test.serial(interrupted, 'stdout', /are up as/);
test.serial(interrupted, 'stderr', /Recorded deploy/);

/** Kills one host of a demo's fleet, as a power cut would. */
async function killHost(cache: string, name: string): Promise<void> {
  const fleets = path.join(cache, 'hawser', 'fleets');
  const [fleet = ''] = await readdir(fleets);
  const { id, engine } = JSON.parse(await readFile(path.join(fleets, fleet, 'fleet.json'), 'utf8'));
  await promisify(execFile)(engine, ['kill', `${id}-${name}`]);
}

const powerCut = test.macro({
  async exec(t, name: string) {
    const { env, fleets } = await privateCache(t);
    const terminal = hawserInTerminal(t, ['demo'], { cwd: await temporaryFolder(t), env });
    await terminal.shows(/Deploy hello as deploy 1 to h1, h2, h3\?/);
    await killHost(env.XDG_CACHE_HOME, name);
    terminal.type('\r');
    t.is(await terminal.exited, 5, terminal.screen());
    t.regex(
      terminal.screen(),
      new RegExp(
        `hawser: Deploy 1 of hello failed\\. 2 of 3 hosts are healthy; (not there|lost[^:]*): ${name}`,
      ),
    );
    t.deepEqual(await fleets(), []);
  },
  title: (_, name) => `when ${name} dies during the wait, the demo says so, ends with 5 and leaves nothing`,
});

// The first host is the hardest to lose: it leads etcd and is usually the way in.
test.serial(powerCut, 'h1');

test.serial('what --keep left up can be looked at and taken down', async (t) => {
  const { env: cache, fleets } = await privateCache(t);
  const env = { ...cache, HOME: await temporaryFolder(t) };
  const kept = await hawser(['demo', '--keep', '--yes'], { env });
  t.is(kept.code, 0, kept.stderr);
  t.true(kept.stdout.includes('hawser status --fleet demo\n'));
  const status = await hawser(['status', '--json'], { env });
  t.is(status.code, 0, status.stderr);
  t.is(JSON.parse(status.stdout).deploy.verdict, 'healthy');
  const names = await hawser(['exec', 'h*', '--fleet', 'demo', '--json', '--', 'true'], { env });
  t.is(names.stdout.split('\n').length, 3 + 1, names.stderr);
  t.is((await hawser(['demo', '--stop'], { env })).stdout, 'Stopped 1 demo fleet.\n');
  t.deepEqual(await fleets(), []);
  t.deepEqual(JSON.parse((await hawser(['fleet', 'list', '--json'], { env })).stdout), []);
});

test.serial('--keep and --stop together are refused, saying what each does', async (t) => {
  const { code, stdout, stderr } = await hawser(['demo', '--keep', '--stop']);
  t.deepEqual({ code, stdout }, { code: 2, stdout: '' });
  t.regex(stderr, /^hawser: Pass either --keep, which starts hosts .* or --stop, which stops those/);
});
