import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { txnInBatches } from '../../../world/client/txn/txn-batches.js';
import { serialiseDeployment } from '../../../world/deploys/deploy-payload.js';
import { reportsPrefix } from '../../../world/deploys/reports.js';
import { RolloutCoordinator } from '../../../world/deploys/rollout/rollout-coordinator.js';
import { WantedDeploysReader } from '../../../world/deploys/wanted/wanted-deploys.js';
import { makeFleet } from '../../../world/fleet/stored-identity.js';
import { EtcdWorld } from '../../../world/index.js';
import { AGENTS_PREFIX } from '../../../world/keys.js';
import { deploymentOf } from '../../world/deploys/rollout/situations.js';
import { Etcd } from '../../world/helpers/etcd.js';
import type { Row, Topic } from '../report.js';

const COUNTS = [1_000, 3_000, 10_000] as const;

interface Verdict {
  readonly count: number;
  readonly writtenMs: number;
  readonly verdictMs: number;
  readonly payloadBytes: number;
  readonly message: string;
}

/**
 * Hosts that are nothing but what they write: the elected host decides on a deploy to all of them, which they report step by step.
 * What every host has of its own, a connection and a process, is not in it.
 */
export async function measureVerdicts(): Promise<Topic> {
  const verdicts: Verdict[] = [];
  for (const count of COUNTS) verdicts.push(await decideOn(count));
  const [least, , most] = verdicts;
  return {
    title: 'Simulated hosts that report three states each, and the verdict on a deploy to all of them',
    columns: ['all written s', 'verdict s after it', 'payload KiB'],
    rows: verdicts.map(
      ({ count, writtenMs, verdictMs, payloadBytes }): Row => ({
        name: String(count),
        values: [writtenMs / 1_000, verdictMs / 1_000, payloadBytes / 1024],
      }),
    ),
    checks: [
      {
        what: '10,000 hosts compared with 1,000, from the first report to the verdict',
        got: totalMs(most) / totalMs(least),
        sense: 'at most',
        wanted: 12,
      },
    ],
    notes: [
      ...verdicts.map(({ count, message }) => `${count}: ${message}`),
      `load of this machine: ${(loadavg()[0] ?? Number.NaN).toFixed(1)}`,
    ],
  };
}

function totalMs(verdict: Verdict | undefined): number {
  return verdict === undefined ? Number.NaN : verdict.writtenMs + verdict.verdictMs;
}

async function decideOn(count: number): Promise<Verdict> {
  await using etcd = await Etcd.start(['--max-txn-ops', '512']);
  const place = { seeds: [etcd.url], namespace: '/verdicts' };
  await using world = EtcdWorld.create({ ...place, hostname: 'h1' });
  await using hosts = EtcdWorld.create({ ...place, hostname: 'h2' });
  await makeFleet(world.client);
  const names = Array.from({ length: count }, (_, index) => `h${index + 1}`);
  await write(
    hosts,
    names.map((name) => ({ put: `${AGENTS_PREFIX}${name}`, value: '{}' })),
  );
  const payload = serialiseDeployment(deploymentOf(names, { tree: await storeTree(world) }));
  await world.addDeploy({ id: 1, payload });
  const over = new AbortController();
  const coordinator = new RolloutCoordinator({ client: world.client, hostname: 'h1', log: undefined });
  const running = coordinator.run(over.signal);
  const reader = new WantedDeploysReader(world.client, { name: 'h1', labels: {} }, undefined);
  coordinator.look(await reader.read({}));
  const from = performance.now();
  for (const state of ['fetching', 'applying', 'healthy'] as const)
    await write(
      hosts,
      names.map((hostname) => {
        const report = { hostname, state, step: 'health', message: `It is ${state}.`, at: '', current: 1 };
        return { put: `${reportsPrefix(1)}${hostname}`, value: JSON.stringify(report) };
      }),
    );
  const written = performance.now();
  let message = 'no verdict';
  for await (const _ of world.watchApps({ signal: AbortSignal.timeout(120_000) })) {
    const record = await world.getRollout(1);
    if (record?.phase !== 'done') continue;
    message = `${record.verdict}: ${record.message}`;
    break;
  }
  const verdictMs = performance.now() - written;
  over.abort();
  await running;
  return { count, writtenMs: written - from, verdictMs, payloadBytes: payload.length, message };
}

async function write(
  { client }: EtcdWorld,
  puts: readonly { readonly put: string; readonly value: string }[],
): Promise<void> {
  await txnInBatches(client, [...puts], { repeatable: true, timeoutMs: 60_000 });
}

async function storeTree(world: EtcdWorld): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-verdict-'));
  await writeFile(path.join(folder, 'file'), 'content');
  const { tree } = await world.putTree(folder);
  await rm(folder, { recursive: true });
  return tree;
}
