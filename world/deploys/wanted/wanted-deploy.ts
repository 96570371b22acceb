import { isSelected, parseSelection, type SelectableHost } from '../../agents/host-selection.js';
import type { Deployment } from '../deploy-payload.js';
import { orderOf } from '../rollout/rollout-order.js';
import type { RolloutRecord } from '../rollout/rollout-record.js';
import { scheduleOf, withRolloutHosts } from '../scheduled/scheduled-hosts.js';

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
  /** Whether a newer one that is healthy has ended its schedule, if it has one. */
  readonly isReplaced?: boolean | undefined;
}

/** What the World's scheduler has decided, as a host sees it. `unknown`: nothing yet. */
export type Chosen = 'yes' | 'no' | 'unknown';

/**
 * Whether a deploy is for a host: one that it names, or one that came to the fleet later and that it would have named. Of one with
 * a schedule, these are the hosts that may be chosen.
 */
export function includesHost({ action, hosts, manifest }: Deployment, host: SelectableHost): boolean {
  if (hosts.includes(host.name)) return true;
  // What came later has nothing to start again.
  if (action === 'restart') return false;
  if (manifest.hosts === undefined) return true;
  const selection = parseSelection(manifest.hosts);
  return selection !== undefined && isSelected(selection, host);
}

/**
 * What a host makes of a deploy: it is not for it, it wants it, or it wanted it before it was taken back. `rest`: the app runs
 * elsewhere, so nothing of it runs here; `keep`: nobody knows yet, so what runs goes on.
 */
export type Wish = 'no' | 'yes' | 'taken-back' | 'rest' | 'keep';

/**
 * Decides whether a host wants this deploy of an app; if not, it is asked about the one before. So a host runs the newest one that
 * includes it, unless that went back: then the newest healthy one before.
 */
export function wishFor(
  { logged, record, isNewest, isFallback = false, isReplaced = false }: DeployInChain,
  host: SelectableHost,
  chosen: Chosen = 'unknown',
): Wish {
  const { deployment } = logged;
  if (!includesHost(deployment, host)) return 'no';
  const isListed = deployment.hosts.includes(host.name);
  // It only tells what would happen.
  if (deployment.noop) return isNewest && isListed && record?.verdict === undefined ? 'yes' : 'no';
  if (isTakenBack(record)) return 'taken-back';
  if (scheduleOf(deployment) !== undefined) {
    if (isReplaced) return 'rest';
    return scheduledWish({ logged, record, isNewest, isFallback }, host, chosen);
  }
  const verdict = record?.verdict;
  if (verdict === 'healthy') return 'yes';
  if (!isListed || isFallback) return 'no';
  // Nobody admits the rest of its hosts any more.
  return verdict !== 'superseded' || isAdmitted(deployment, record, host) ? 'yes' : 'no';
}

/** Those that are well keep one that was not taken back; those that are not have gone back by themselves. */
function isTakenBack(record: RolloutRecord | undefined): boolean {
  const verdict = record?.verdict;
  if (verdict === 'rolled-back' || verdict === 'stopped') return true;
  return verdict === 'failed' && record?.goingBackTo !== undefined;
}

/** Until a deploy is healthy, hosts that are not chosen keep what they ran before. */
function scheduledWish(
  { logged, record, isFallback = false }: DeployInChain,
  host: SelectableHost,
  chosen: Chosen,
): Wish {
  const { deployment } = logged;
  // Where an app runs is not changed by starting it again.
  const isWhole = deployment.action !== 'restart';
  if (record?.verdict === 'healthy') {
    if (chosen === 'unknown') return 'keep';
    if (chosen === 'no') return isWhole ? 'rest' : 'no';
    return isWhole || record.hosts?.includes(host.name) === true ? 'yes' : 'no';
  }
  if (isFallback || chosen !== 'yes') return 'no';
  const isAsked = record?.hosts === undefined || record.hosts.includes(host.name);
  if (!isAsked || !deployment.hosts.includes(host.name)) return 'no';
  return record?.verdict !== 'superseded' || isAdmitted(deployment, record, host) ? 'yes' : 'no';
}

/** Whether a host offers to run a deploy, for the World's scheduler to choose from. */
export function isCandidate(
  { logged: { deployment }, record, isReplaced = false }: DeployInChain,
  host: SelectableHost,
): boolean {
  if (scheduleOf(deployment) === undefined || isReplaced || !includesHost(deployment, host)) return false;
  return !isTakenBack(record) && record?.verdict !== 'superseded';
}

/** Whether a deploy ends the schedule of those before it. */
export function endsSchedules({ deployment }: LoggedDeploy, record: RolloutRecord | undefined): boolean {
  return record?.verdict === 'healthy' && !deployment.noop && deployment.action !== 'restart';
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
  const isOrdered = orderOf(deployment) !== undefined || scheduleOf(deployment) !== undefined;
  if (!isOrdered || record?.verdict === 'healthy') return true;
  const { hosts } = withRolloutHosts(deployment, record);
  const place = hosts.indexOf(name);
  if (place === -1 || record === undefined) return false;
  return place < record.admitted && record.skipped?.includes(name) !== true;
}
