import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { AGENT_PROTOCOL } from '../../../agent/constants.js';
import { packageVersion } from '../../../base/package-version.js';
import { sayWhatGoesOn } from '../../../cli/deploy/explain-interruption.js';
import { InterruptedError } from '../../../cli/errors.js';
import { registerAgent } from '../../../world/agents/registered-agents.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { shown, startHawser, temporaryFolder } from '../helpers/hawser.js';

test('Ctrl-C after a deploy was recorded says that it goes on, and how to look', async (t) => {
  await using direct = await DirectEtcd.start();
  await using world = direct.world('controller');
  const agent = { hostname: 'web1', instance: 'a', version: packageVersion(), protocol: AGENT_PROTOCOL };
  const session = await world.client.session({});
  // Applies nothing, so that the wait does not end.
  await registerAgent(world.client, { ...agent, startedAt: '2026-01-01T00:00:00Z', pid: 1 }, session);
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'hawser.yaml'), 'name: app\nrun: [sleep, "9"]\n');
  const deploying = startHawser(['deploy', folder, '--no-git', '--yes', '--seeds', direct.etcd.url]);
  t.teardown(() => deploying.kill('SIGKILL'));
  if (deploying.stdout === null || deploying.stderr === null) throw new TypeError('both outputs are pipes');
  const outputs = Promise.all([text(deploying.stdout), text(deploying.stderr)]);
  await shown(deploying.stderr, /Recorded deploy 1\./);
  const exited = once(deploying, 'exit');
  deploying.kill('SIGINT');
  t.deepEqual(await exited, [130, null]);
  const [stdout, stderr] = await outputs;
  t.is(stdout, '');
  const again = `hawser deploys wait 1 --seeds ${direct.etcd.url}`;
  t.true(
    stderr.endsWith(
      `\nhawser: Stopped watching; deploy 1 goes on without this command. To watch it again: ${again}\n`,
    ),
    stderr,
  );
  t.like(await direct.json(['deploys', 'list']), { 0: { id: 1, verdict: 'running' } });
});

test('An interruption speaks of a deploy only where one may be in the log', (t) => {
  const error = new InterruptedError('SIGTERM');
  t.is(sayWhatGoesOn(error, undefined), error);
  const unknown = sayWhatGoesOn(error, { id: 7, isRecorded: false }, ['--fleet', 'prod']);
  t.like(unknown, { signalName: 'SIGTERM', isTelling: true });
  t.regex(
    String(unknown),
    /deploy 7 was being recorded\. Whether it was is shown by: hawser deploys list --fleet prod \(/,
  );
  const other = new Error('another');
  t.is(sayWhatGoesOn(other, { id: 7, isRecorded: true }), other);
});
