import type { EtcdWorld } from '../../world/etcd-world.js';
import { DeployError } from '../errors.js';
import { formatBytes, type OutputOptions, printNote, printResult } from '../output.js';
import { canAsk, confirmDeploy } from '../prompts/deploy.js';
import { findPosition, type Prepared, record } from './deploy.js';
import { waitForVerdict } from './wait.js';

/** How one deploy is to be run. */
export interface DeployRun extends OutputOptions {
  readonly yes: boolean;
  readonly wait: boolean;
  /** In milliseconds. */
  readonly waitTimeout: number;
  readonly plan: boolean;
  readonly signal: AbortSignal;
  /** Called when nothing more is asked: from here on it is the machines' time. */
  readonly onConfirmed?: () => void;
}

/**
 * Deploys a prepared folder: plan, question, upload, record, wait.
 *
 * @throws DeployError
 */
export async function deploy(world: EtcdWorld, prepared: Prepared, run: DeployRun): Promise<void> {
  const { signal } = run;
  const { name } = prepared.manifest;
  const agents = [...(await world.getAgents({ signal })).keys()].sort();
  const position = await findPosition(world, prepared, signal);
  const to = agents.length === 0 ? 'no host (no agent is running)' : agents.join(', ');
  if (run.plan) {
    const plan = {
      id: position.id,
      name,
      hosts: agents,
      hash: prepared.git?.head ?? '',
      folder: prepared.choices.folder,
    };
    return printResult(run, plan, `would deploy ${name} as deploy ${position.id} to ${to}`);
  }
  const confirmed = !run.yes && !run.json && canAsk();
  if (confirmed && !(await confirmDeploy(`Deploy ${name} as deploy ${position.id} to ${to}?`, signal))) {
    throw new DeployError('declined', 'nothing was deployed');
  }
  run.onConfirmed?.();
  const upload = await world.putTree(prepared.choices.folder, { signal });
  printNote(
    run,
    `uploaded ${formatBytes(upload.uploadedBytes)} of ${formatBytes(upload.sizeBytes)} in ${upload.files} files`,
  );
  const { id, hosts } = await record(world, prepared, { tree: upload.tree, position, confirmed, signal });
  printNote(run, `recorded deploy ${id}`);
  if (!run.wait || hosts.length === 0) {
    return printResult(run, { id, verdict: 'pending', hosts: {} }, `deploy ${id} is recorded for ${to}`);
  }
  await awaitHosts(world, { id, hosts, name }, run);
}

async function awaitHosts(
  world: EtcdWorld,
  { id, hosts, name }: { id: number; hosts: readonly string[]; name: string },
  run: DeployRun,
): Promise<void> {
  const judgement = await waitForVerdict({
    world,
    id,
    hosts,
    signal: run.signal,
    timeoutMs: run.waitTimeout,
    onChange: (hostname, { state, message }) => printNote(run, `${hostname}: ${state}: ${message}`),
  });
  if (judgement.verdict === 'healthy') {
    return printResult(
      run,
      { id, verdict: judgement.verdict, hosts: Object.fromEntries(judgement.hosts) },
      `deploy ${id} of ${name} is healthy on ${hosts.join(', ')}`,
    );
  }
  const bad = [...judgement.hosts].filter(([, { state }]) => state !== 'healthy' && state !== 'skipped');
  const why = bad.map(([hostname, { state, message }]) => `${hostname} ${state}: ${message}`).join('; ');
  const what =
    judgement.verdict === 'failed' ? 'failed' : `is not healthy after ${run.waitTimeout / 1_000} s`;
  throw new DeployError(
    'unhealthy',
    `deploy ${id} of ${name} ${what}: ${why}`,
    Object.fromEntries(bad.map(([h, v]) => [h, v.message])),
  );
}
