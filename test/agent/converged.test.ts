import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { Client } from '../../world/index.js';
import { getConverged, waitConverged, watchConverged } from '../../world/internal.js';
import { hawser } from '../cli/helpers/hawser.js';
import { patienceMs } from './helpers/local-agent.js';
import { LocalAgents } from './helpers/local-agents.js';

/** Waits until a host says of itself whether it has come to rest. */
async function untilSaid(client: Client, host: string, value: boolean): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  for await (const _ of watchConverged(client, { signal })) {
    if ((await getConverged(client, { signal })).get(host) === value) return;
  }
  throw new Error(`${host} does not say ${value}`);
}

test.serial('a host that applies a deploy is not at rest before the deploy is healthy', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [host] = await agents.start('h1');
  if (host === undefined) throw new TypeError('one was asked for');
  await host.votes();
  await waitConverged(agents.client, { quietMs: 100, timeoutMs: patienceMs });

  const [app, gate] = [path.join(agents.folder, 'app'), path.join(agents.folder, 'healthy')];
  await mkdir(app);
  const health = { exec: ['test', '-e', gate], timeout: '60s', interval: '100ms' };
  await writeFile(
    path.join(app, 'hawser.yaml'),
    JSON.stringify({ name: 'app', run: ['sleep', '600'], health }),
  );
  const deployed = await hawser(['deploy', app, '--no-git', '--yes', '--no-wait', '--seeds', host.clientUrl]);
  t.is(deployed.code, 0, deployed.stderr);
  await untilSaid(agents.client, 'h1', false);
  await t.throwsAsync(waitConverged(agents.client, { quietMs: 10, timeoutMs: 5_000 }), {
    code: 'not-converged',
    message: /h1 has not converged/,
  });
  await writeFile(gate, '');
  await waitConverged(agents.client, { quietMs: 100, timeoutMs: patienceMs });
  t.regex(host.log, /deploy 1 of app is healthy/);
});
