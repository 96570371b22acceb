import { isSelected, parseSelection, type SelectableHost } from '../../agents/host-selection.js';
import type { Deployment } from '../deploy-payload.js';
import { orderOf } from '../rollout/rollout-order.js';
import type { RolloutRecord } from '../rollout/rollout-record.js';

/** An entry of the log, as a host reads it. */
export interface LoggedDeploy {
  readonly id: number;
  readonly payload: string;
  readonly deployment: Deployment;
}

/** How far the fleet is with a deploy, as far as one host has to know. */
export interface RolloutState {
  /** Whether this host may switch; always true where the hosts of a deploy do not wait for each other. */
  readonly isAdmitted: boolean;
  /** Whether this host is to run the hook `once` before any host may switch. */
  readonly isOnceHost: boolean;
  /** Whether a person has confirmed the deploy, for one that asks for it. */
  readonly isConfirmed: boolean;
  /** Whether hosts that have switched go back. */
  readonly isGoingBack: boolean;
}

/** What an app is to be on a host. */
export interface WantedDeploy extends LoggedDeploy {
  readonly rollout: RolloutState;
}

/** One deploy of an app, and how far the fleet is with it. */
export interface DeployInChain {
  readonly logged: LoggedDeploy;
  /** Undefined before anything was decided. */
  readonly record: RolloutRecord | undefined;
  /** Whether it is the app's newest. */
  readonly isNewest: boolean;
  /** Whether the host would run a newer one, had that not been taken back. */
  readonly isFallback?: boolean | undefined;
}

/** Whether a deploy is for a host: one that it names, or one that came to the fleet later and that it would have named. */
export function includesHost({ hosts, manifest }: Deployment, host: SelectableHost): boolean {
  if (hosts.includes(host.name)) return true;
  if (manifest.schedule !== undefined) return false;
  if (manifest.hosts === undefined) return true;
  const selection = parseSelection(manifest.hosts);
  return selection !== undefined && isSelected(selection, host);
}

/** What a host makes of a deploy: it is not for it, it wants it, or it wanted it before it was taken back. */
export type Wish = 'no' | 'yes' | 'taken-back';

/**
 * Decides whether a host wants this deploy of an app; if not, it is asked about the one before. So a host runs the newest one that
 * includes it, unless that went back: then the newest healthy one before.
 */
export function wishFor(
  { logged, record, isNewest, isFallback = false }: DeployInChain,
  host: SelectableHost,
): Wish {
  const { deployment } = logged;
  if (!includesHost(deployment, host)) return 'no';
  const isListed = deployment.hosts.includes(host.name);
  // It only tells what would happen.
  if (deployment.noop) return isNewest && isListed && record?.verdict === undefined ? 'yes' : 'no';
  const verdict = record?.verdict;
  if (verdict === 'healthy') return 'yes';
  // Those that are well keep one that was not taken back; those that are not have gone back by themselves.
  const isBad =
    verdict === 'rolled-back' ||
    verdict === 'stopped' ||
    (verdict === 'failed' && record?.goingBackTo !== undefined);
  if (isBad) return 'taken-back';
  if (!isListed || isFallback) return 'no';
  // Nobody admits the rest of its hosts any more.
  return verdict !== 'superseded' || isAdmitted(deployment, record, host) ? 'yes' : 'no';
}

/** How far the fleet is, for a host that wants the deploy. */
export function rolloutStateOf({ logged, record }: DeployInChain, host: SelectableHost): RolloutState {
  const { deployment } = logged;
  const isDecided = record?.verdict !== undefined && record.verdict !== 'paused';
  return {
    isAdmitted: isAdmitted(deployment, record, host),
    isOnceHost: record?.phase === 'running' && record.admitted === 0 && record.onceHost === host.name,
    isConfirmed: record?.confirmed === true || isDecided,
    isGoingBack: record?.phase === 'going-back',
  };
}

/** A host that was away at its turn, or came later, switches when the deploy is known to be healthy. */
function isAdmitted(
  deployment: Deployment,
  record: RolloutRecord | undefined,
  { name }: SelectableHost,
): boolean {
  if (orderOf(deployment) === undefined || record?.verdict === 'healthy') return true;
  const place = deployment.hosts.indexOf(name);
  if (place === -1 || record === undefined) return false;
  return place < record.admitted && record.skipped?.includes(name) !== true;
}
