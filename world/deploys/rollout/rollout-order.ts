import type { Deployment } from '../deploy-payload.js';

/** In which order the hosts of a deploy switch. */
export interface RolloutOrder {
  /** How many hosts switch at a time. */
  readonly batch: number;
  /** How many switch first, alone. */
  readonly canary: number;
  /** How long to wait between the canary and each batch, in milliseconds. */
  readonly pauseMs: number;
  /** Whether one host runs the hook `once` before. */
  readonly hasOnce: boolean;
}

/** How long a rollout may take, unless the manifest says otherwise. */
const DEFAULT_ROLLOUT_TIMEOUT_MS = 600_000;

/** What the order of a deploy depends on. */
type Ordered = Pick<Deployment, 'hosts' | 'manifest' | 'noop' | 'action' | 'rollbackOf'>;

/** Undefined where the hosts do not wait for each other. */
export function orderOf(deployment: Ordered): RolloutOrder | undefined {
  const { hosts, manifest } = deployment;
  // Nothing is switched to.
  if (deployment.noop || deployment.action === 'remove') return undefined;
  const { batch, canary = 0, pauseMs = 0 } = manifest.rollout ?? {};
  const hasOnce = runsOnce(deployment);
  if (batch === undefined && canary === 0 && !hasOnce) return undefined;
  return { batch: batchSize(batch, hosts.length), canary, pauseMs, hasOnce };
}

/** What is started again, or was there before, has been prepared for already. */
function runsOnce({ action, rollbackOf, manifest }: Ordered): boolean {
  return action === undefined && rollbackOf === undefined && manifest.hooks?.once !== undefined;
}

/** A part is rounded down, so that never more hosts than that are busy; at least one is. */
function batchSize(batch: number | string = '100%', hosts: number): number {
  const size = typeof batch === 'number' ? batch : Math.floor((hosts * Number.parseInt(batch, 10)) / 100);
  return Math.max(1, size);
}

/** How long a rollout may take, in milliseconds; going back may take as long again. */
export function rolloutTimeoutMs({ manifest }: Deployment): number {
  return manifest.rollout?.timeoutMs ?? DEFAULT_ROLLOUT_TIMEOUT_MS;
}

/** What happens when too many hosts fail. What a host has removed, or only looked at, cannot be taken back. */
export function onFailureOf(deployment: Deployment): 'rollback' | 'pause' | 'continue' {
  if (deployment.noop || deployment.action === 'remove') return 'continue';
  return deployment.manifest.rollout?.onFailure ?? 'rollback';
}
