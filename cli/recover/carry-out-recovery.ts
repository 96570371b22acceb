import { setTimeout as delay } from 'node:timers/promises';
import type { ControlClient } from '../../agent/control/control-client.js';
import { ControlError } from '../../agent/control/control-error.js';
import type { AgentState } from '../../agent/control/control-protocol.js';
import type { ReachedHosts, ReachOptions } from '../agent-access/reached-hosts.js';
import { CliError } from '../errors.js';
import type { RecoveryPlan } from './plan-recovery.js';

const POLL_MS = 250;

export interface Recovery extends ReachOptions {
  /** How long each step may take on a host. */
  readonly stepTimeoutMs: number;
  /** Called before each step. */
  readonly onStep: (step: string) => void;
}

/** The plans that change something. */
export type ActionPlan = Extract<RecoveryPlan, { readonly kind: 'rebuild' | 'finish' }>;

/**
 * Carries a plan out: makes the cluster of one, and sends the others to it.
 *
 * @returns the client URLs of the cluster, as its hosts see them.
 * @throws CliError `incomplete` naming what was done and what was not; ControlError of the host to rebuild from.
 */
export async function carryOutRecovery(
  plan: ActionPlan,
  hosts: ReachedHosts,
  recovery: Recovery,
): Promise<readonly string[]> {
  const { onStep, stepTimeoutMs, signal } = recovery;
  const base = hosts.host(plan.base);
  const limits = { timeoutMs: stepTimeoutMs, signal };
  if (plan.kind === 'rebuild') {
    onStep(`${plan.base}: rebuilding the cluster from its data`);
    await base.agent.rebuild(limits);
  }
  return sendOthers(plan, hosts, recovery, async (agent, seeds) => {
    // A host that the rebuild removed may have noticed by itself and be joining already.
    await untilKnown(agent, recovery);
    await agent.rejoin(seeds, limits);
  });
}

/**
 * Sends the other hosts to the cluster of one, once it serves.
 *
 * @param send tells one of them.
 * @returns the client URLs of the cluster, as its hosts see them.
 * @throws CliError `incomplete` naming what was done and what was not.
 */
export async function sendOthers(
  { base, rejoin }: { readonly base: string; readonly rejoin: readonly string[] },
  hosts: ReachedHosts,
  recovery: Recovery,
  send: (agent: ControlClient, seeds: readonly string[]) => Promise<void>,
): Promise<readonly string[]> {
  const { onStep, signal } = recovery;
  const { server } = await untilServing(base, hosts, recovery);
  const seeds = server.clientUrls ?? [];
  if (seeds.length === 0) {
    throw new CliError('incomplete', `${base} is serving, but reports no client URLs.`);
  }
  const failures: Record<string, string> = {};
  await Promise.all(
    rejoin.map(async (host) => {
      onStep(`${host}: setting its data aside and joining ${seeds.join(', ')}`);
      const { agent } = hosts.host(host);
      try {
        await send(agent, seeds);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ControlError && error.code === 'has-quorum') return;
        failures[host] = error instanceof Error ? error.message : String(error);
      }
    }),
  );
  const failed = Object.entries(failures).map(([host, why]) => `${host} (${why})`);
  if (failed.length > 0) {
    const message = `The cluster of ${base} is serving, but some hosts could not be told to join it: ${failed.join(', ')}. Run this again when they can be reached.`;
    throw new CliError('incomplete', message, { hosts: failures });
  }
  return seeds;
}

/** Waits until the server of an agent is not starting any more, for as long as one answer may take. */
async function untilKnown(agent: ControlClient, { timeoutMs, signal }: Recovery): Promise<void> {
  const until = performance.now() + timeoutMs;
  while ((await agent.state({ timeoutMs, signal })).server.state === 'starting') {
    if (performance.now() > until) return;
    await delay(POLL_MS, undefined, { signal });
  }
}

/** Waits until the agent of a host says that its server votes in a cluster with a leader. */
async function untilServing(host: string, hosts: ReachedHosts, recovery: Recovery): Promise<AgentState> {
  const { timeoutMs, stepTimeoutMs, signal } = recovery;
  const until = performance.now() + stepTimeoutMs;
  for (;;) {
    const state = await hosts.host(host).agent.state({ timeoutMs, signal });
    if (state.server.state === 'voter') return state;
    if (performance.now() > until) {
      const message = `The server of ${host} was rebuilt but is "${state.server.state}" after ${stepTimeoutMs / 1000} s: check the log of its agent.`;
      throw new CliError('incomplete', message, { hosts: { [host]: state.server.state } });
    }
    await delay(POLL_MS, undefined, { signal });
  }
}
