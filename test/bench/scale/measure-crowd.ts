import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import { serialiseDeployment } from '../../../world/deploys/deploy-payload.js';
import { makeFleet } from '../../../world/fleet/stored-identity.js';
import { DEFAULT_NAMESPACE, EtcdWorld, type RolloutRecord } from '../../../world/index.js';
import { AGENTS_PREFIX } from '../../../world/keys.js';
import { deploymentOf } from '../../world/deploys/rollout/situations.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { AgentCrowd } from './agent-crowd.js';
import { cpuSeconds, type Messages, readMessages, residentMebibytes } from './server-load.js';

const LOOK_MS = 50;
/** After a deploy, hosts tell what they run, and the log is looked at once more. */
const SETTLING_MS = 8_000;

export interface CrowdOptions {
  readonly count: number;
  readonly perProcess: number;
  /** How long it is watched at rest, in milliseconds. */
  readonly restMs: number;
  /** How long everything may take to register, and to reach a verdict, in milliseconds. */
  readonly patienceMs: number;
}

/** What so many agents took. What was not reached is undefined. */
export interface CrowdFigures {
  readonly count: number;
  readonly registeredMs: number | undefined;
  readonly deployMs: number | undefined;
  readonly verdict: RolloutRecord | undefined;
  readonly rest: RestFigures | undefined;
  readonly statusMs: number | undefined;
  readonly agentMebibytes: number;
  readonly etcdMebibytes: number;
  readonly problems: readonly string[];
  /** Of this machine, over the last minute, before it began and at its end. */
  readonly load: readonly [number, number];
}

export interface RestFigures {
  /** Received by etcd, for each host and second. */
  readonly messages: number;
  readonly byMethod: ReadonlyMap<string, number>;
  /** Shares of one processor. */
  readonly etcdCpu: number;
  readonly agentsCpu: number;
}

/** Starts agents without servers on an etcd of their own, deploys to all of them at once, and leaves them alone. */
export async function measureCrowd(options: CrowdOptions): Promise<CrowdFigures> {
  const { count, patienceMs } = options;
  const loadBefore = loadavg()[0] ?? Number.NaN;
  await using etcd = await Etcd.startEverywhere([
    ...['--max-txn-ops', '512', '--quota-backend-bytes', String(8 << 30)],
    // As agents start it.
    ...['--heartbeat-interval', '100', '--election-timeout', '1000'],
  ]);
  await using world = EtcdWorld.create({
    seeds: [etcd.url],
    hostname: 'laptop',
    namespace: DEFAULT_NAMESPACE,
  });
  await makeFleet(world.client);
  const from = performance.now();
  const crowd = await AgentCrowd.start(etcd.port, count, options.perProcess);
  const isRegistered = await eventually(patienceMs, async () => (await agentCount(world)) >= count);
  const registeredMs = isRegistered ? performance.now() - from : undefined;
  await delay(SETTLING_MS);
  const { deployMs, verdict } = await deployToAll(world, crowd.names, patienceMs);
  await delay(SETTLING_MS);
  const etcdPids = etcd.pid === undefined ? [] : [etcd.pid];
  const rest = await watchRest(etcd.url, etcdPids, crowd, options);
  const statusMs = await timeStatus(etcd.url);
  const [agentMebibytes, etcdMebibytes] = [
    residentMebibytes(crowd.pids) / count,
    residentMebibytes(etcdPids),
  ];
  const problems = await crowd.end();
  return {
    ...{ count, registeredMs, deployMs, verdict, rest, statusMs, agentMebibytes, etcdMebibytes, problems },
    load: [loadBefore, loadavg()[0] ?? Number.NaN],
  };
}

async function agentCount(world: EtcdWorld): Promise<number> {
  const get = { get: AGENTS_PREFIX, prefix: true, countOnly: true };
  const { replies } = await world.client.txn({ success: [get] }, { repeatable: true, timeoutMs: 30_000 });
  return replies[0]?.count ?? 0;
}

/** From the entry in the log to the verdict on it, which needs every host. */
async function deployToAll(
  world: EtcdWorld,
  hosts: readonly string[],
  patienceMs: number,
): Promise<Pick<CrowdFigures, 'deployMs' | 'verdict'>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-scale-app-'));
  try {
    for (const name of ['one', 'two', 'three']) await writeFile(path.join(folder, name), `${name}\n`);
    const { tree } = await world.putTree(folder);
    const from = performance.now();
    await world.addDeploy({ id: 1, payload: serialiseDeployment(deploymentOf(hosts, { tree })) });
    let verdict: RolloutRecord | undefined;
    const isDecided = await eventually(patienceMs, async () => {
      verdict = await world.getRollout(1, { timeoutMs: 30_000 });
      return verdict?.phase === 'done';
    });
    return { deployMs: isDecided ? performance.now() - from : undefined, verdict };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function watchRest(
  url: string,
  etcdPids: readonly number[],
  crowd: AgentCrowd,
  { restMs, count }: CrowdOptions,
): Promise<RestFigures> {
  const sample = async () => ({
    messages: await readMessages(url),
    etcd: cpuSeconds(etcdPids),
    agents: cpuSeconds(crowd.pids),
    at: performance.now(),
  });
  const before = await sample();
  await delay(restMs);
  const after = await sample();
  const seconds = (after.at - before.at) / 1_000;
  const byMethod = difference(before.messages, after.messages, seconds * count);
  return {
    messages: [...byMethod.values()].reduce((sum, rate) => sum + rate, 0),
    byMethod,
    etcdCpu: (after.etcd - before.etcd) / seconds,
    agentsCpu: (after.agents - before.agents) / seconds,
  };
}

function difference(before: Messages, after: Messages, by: number): Map<string, number> {
  return new Map(
    [...after.received]
      .map(([method, total]): [string, number] => [method, (total - (before.received.get(method) ?? 0)) / by])
      .filter(([, rate]) => rate > 0),
  );
}

/** What a person waits for. */
async function timeStatus(url: string): Promise<number> {
  const from = performance.now();
  await promisify(execFile)(process.execPath, [programFile, 'status', '--seeds', url, '--json'], {
    maxBuffer: 1 << 28,
  }).catch((error: { code?: unknown }) => {
    // It says with its exit code whether all is well.
    if (error.code !== 1) throw error;
  });
  return performance.now() - from;
}

async function eventually(patienceMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const until = performance.now() + patienceMs;
  while (performance.now() < until) {
    if (await holds()) return true;
    await delay(LOOK_MS);
  }
  return false;
}
