import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hawser, shown, startHawser, temporaryFolder } from './hawser.js';

/** A cache of its own holds only this test's fleets; a fleet's folder goes last, after everything that it names. */
async function privateCache(t: ExecutionContext) {
  const cache = await temporaryFolder(t);
  return { env: { XDG_CACHE_HOME: cache }, fleets: () => readdir(path.join(cache, 'hawser', 'fleets')) };
}

test('the demo brings three hosts up, deploys to them over SSH, shows what the apps answer, and goes', async (t) => {
  const { env, fleets } = await privateCache(t);
  const { code, stdout, stderr } = await hawser(['demo', '--json'], { env });
  t.is(code, 0, stderr);
  const { hosts } = JSON.parse(stdout);
  t.deepEqual(
    hosts,
    ['h1', 'h2', 'h3'].map((host) => ({ host, answer: `Hello from ${host}, release 1` })),
  );
  t.deepEqual(await fleets(), []);
});

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

test(interrupted, 'stdout', /Bringing up/);
test(interrupted, 'stdout', /are up as/);
test(interrupted, 'stderr', /Recorded deploy/);

test('what --keep left up can be looked at and taken down', async (t) => {
  const { env, fleets } = await privateCache(t);
  const kept = await hawser(['demo', '--keep', '--yes'], { env });
  t.is(kept.code, 0, kept.stderr);
  const [, config = ''] = /--config (\S+)/.exec(kept.stdout) ?? [];
  const status = await hawser(['status', '--json', '--config', config], { env });
  t.is(status.code, 0, status.stderr);
  t.is(JSON.parse(status.stdout).deploy.verdict, 'healthy');
  t.is((await hawser(['demo', '--stop'], { env })).stdout, 'Took down 1.\n');
  t.deepEqual(await fleets(), []);
});
