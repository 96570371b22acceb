import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { deploy } from '../../../cli/deploy/deploy.js';
import { prepareDeploy } from '../../../cli/deploy/prepare-deploy.js';
import { registerAgent } from '../../../world/agents/registered-agents.js';
import { parseDeployment } from '../../../world/deploys/deploy-payload.js';
import type { World } from '../../../world/world.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { temporaryFolder } from '../helpers/hawser.js';

test('the hosts that were shown are recorded, and named at the end, whichever join meanwhile', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'hawser.yaml'), 'name: app\n');
  await using fleet = await DirectEtcd.start();
  await using world = fleet.world('laptop');
  await using session = await world.client.session();
  const join = (hostname: string) =>
    registerAgent(
      world.client,
      { hostname, instance: hostname, version: '0', startedAt: '', pid: 1 },
      session,
    );
  await join('h1');
  const { signal } = new AbortController();
  const choices = { folder, message: '', git: false, force: false, noop: false };
  const { putTree } = world;
  const joinedMeanwhile: World['putTree'] = async (...given) => {
    await join('h2');
    return putTree(...given);
  };
  Object.assign(world, { putTree: joinedMeanwhile });
  const { value, text } = await deploy(world, await prepareDeploy(choices, signal), {
    ...{ json: true, verbose: false, yes: true, wait: false, waitTimeout: 1_000, plan: false },
    ...{ allowMissing: false, diff: false, restart: false, timeoutMs: 10_000, signal },
  });
  t.is(String(text), 'Recorded deploy 1 for h1.');
  t.like(value, { id: 1, away: [] });
  t.deepEqual([...(await world.getAgents()).keys()], ['h1', 'h2']);
  t.deepEqual(parseDeployment(await world.getDeploy(1))?.hosts, ['h1']);
});
