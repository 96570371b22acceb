import { timeLimit } from '../../../base/abort.js';
import { Notify } from '../../../base/notify.js';
import type { Agent } from '../../../world/agents/registered-agents.js';
import type { ClientWorld } from '../../../world/client-world.js';
import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import { type HostProgress, hostStates, isFinal } from '../../../world/deploys/host-states.js';
import type { Report } from '../../../world/deploys/report.js';
import { followReports } from '../../../world/deploys/reports.js';
import type { RolloutRecord } from '../../../world/deploys/rollout/rollout-record.js';
import { withRolloutHosts } from '../../../world/deploys/scheduled/scheduled-hosts.js';

export interface WaitOptions {
  readonly world: ClientWorld;
  readonly id: number;
  readonly deployment: Deployment;
  readonly signal: AbortSignal;
  /** How long to wait. */
  readonly timeoutMs: number;
  /** Called with each host whose state changed. */
  readonly onChange: (hostname: string, host: HostProgress) => void;
  /** Called when the phase of the whole changed. */
  readonly onPhase?: ((record: RolloutRecord) => void) | undefined;
  /** Called whenever it was looked at. */
  readonly onLook?: ((progress: DeployProgress) => void) | undefined;
}

/** How a deploy stands. */
export interface DeployProgress {
  /** Undefined before anything was decided. */
  readonly record: RolloutRecord | undefined;
  /** In the order of the deploy. */
  readonly hosts: ReadonlyMap<string, HostProgress>;
}

/**
 * Follows a deploy until the hosts have decided on it, or time runs out: then its record has no verdict. It watches what is decided,
 * the reports and the agents' sessions.
 */
export async function waitForDeploy(options: WaitOptions): Promise<DeployProgress> {
  const { world, id, deployment, onChange, onPhase, onLook } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal, timeLimit(options.timeoutMs)]);
  const shown = new Map<string, string>();
  let phase = '';
  let record: RolloutRecord | undefined;
  let hosts: ReadonlyMap<string, HostProgress> = new Map();
  const following = async (changed: Notify): Promise<void> => {
    for await (const next of world.rolloutFollow(id, { signal })) {
      record = next;
      changed.notify();
    }
  };
  let reports: ReadonlyMap<string, Report> | undefined;
  const followingReports = async (changed: Notify): Promise<void> => {
    for await (const next of followReports(world.client, id, undefined, { signal })) {
      reports = next;
      changed.notify();
    }
  };
  let agents: ReadonlyMap<string, Agent> | undefined;
  const followingAgents = async (changed: Notify): Promise<void> => {
    for await (const next of world.agentsFollow({ signal })) {
      agents = next;
      changed.notify();
    }
  };
  try {
    const sources = (changed: Notify) => [
      following(changed),
      followingReports(changed),
      followingAgents(changed),
    ];
    for await (const _ of eachChange(signal, sources)) {
      if (reports === undefined || agents === undefined) continue;
      const decided = record;
      hosts = hostStates(withRolloutHosts(deployment, decided), reports, agents);
      // What is decided counts with the reports that were there before, which may come here later.
      if (decided?.verdict !== undefined && ![...hosts.values()].every(({ state }) => isFinal(state)))
        hosts = await readHostStates(world, {
          ...{ id, deployment: withRolloutHosts(deployment, decided), signal },
        });
      onLook?.({ record: decided, hosts });
      showChanges(hosts, shown, onChange);
      if (decided !== undefined && decided.phase !== phase) onPhase?.(decided);
      phase = decided?.phase ?? '';
      if (decided?.verdict !== undefined) return { record: decided, hosts };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    over.abort();
  }
  options.signal.throwIfAborted();
  return { record, hosts };
}

async function readHostStates(
  world: ClientWorld,
  { id, deployment, signal }: Pick<WaitOptions, 'id' | 'deployment' | 'signal'>,
): Promise<ReadonlyMap<string, HostProgress>> {
  const [reports, agents] = await Promise.all([
    world.getReports(id, { signal }),
    world.getAgents({ signal }),
  ]);
  return hostStates(deployment, reports, agents);
}

function showChanges(
  hosts: ReadonlyMap<string, HostProgress>,
  shown: Map<string, string>,
  onChange: WaitOptions['onChange'],
): void {
  for (const [hostname, host] of hosts) {
    const line = `${host.state} ${host.message}`;
    const isNew = host.report !== undefined || (host.state !== 'waiting' && host.state !== 'missing');
    if (isNew && shown.get(hostname) !== line) onChange(hostname, host);
    shown.set(hostname, line);
  }
}

/** Yields whenever any of the sources notifies; what comes while nobody asks is folded into one. */
async function* eachChange(
  signal: AbortSignal,
  start: (changed: Notify) => readonly Promise<void>[],
): AsyncGenerator<void> {
  const changed = new Notify();
  let failure: unknown;
  const ended = Promise.all(start(changed)).catch((error: unknown) => {
    failure = error ?? new Error('a watch ended without a reason');
    changed.notify();
  });
  for (;;) {
    await changed.wait(undefined, signal);
    if (signal.aborted) break;
    if (failure !== undefined) throw failure;
    yield;
  }
  await ended;
}
