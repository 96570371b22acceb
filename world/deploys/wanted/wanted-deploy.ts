import { isSelected, parseSelection, type SelectableHost } from '../../agents/host-selection.js';
import type { Deployment } from '../deploy-payload.js';
import { isOrdered, type RolloutRecord } from '../rollout/rollout-record.js';

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
}

/** Whether a deploy is for a host: one that it names, or one that came to the fleet later and that it would have named. */
export function includesHost({ hosts, manifest }: Deployment, host: SelectableHost): boolean {
  if (hosts.includes(host.name)) return true;
  if (manifest.schedule !== undefined) return false;
  if (manifest.hosts === undefined) return true;
  const selection = parseSelection(manifest.hosts);
  return selection !== undefined && isSelected(selection, host);
}

/**
 * Decides whether a host wants this deploy of an app; if not, it is asked about the one before. So a host runs the newest one that
 * includes it, unless that went back: then the newest healthy one before.
 */
export function wantsDeploy({ logged, record, isNewest }: DeployInChain, host: SelectableHost): boolean {
  const { deployment } = logged;
  if (!includesHost(deployment, host)) return false;
  // It only tells what would happen.
  if (deployment.noop) return isNewest && isListed(deployment, host) && record?.verdict === undefined;
  switch (record?.verdict) {
    case 'healthy':
      return true;
    case 'rolled-back':
    case 'stopped':
      return false;
    case 'failed':
      // Those that are well keep it where nothing goes back; those that are not have gone back by themselves.
      return deployment.manifest.rollout?.onFailure === 'continue' && isListed(deployment, host);
    default:
      return isListed(deployment, host);
  }
}

/** How far the fleet is, for a host that wants the deploy. */
export function rolloutStateOf({ logged, record }: DeployInChain, host: SelectableHost): RolloutState {
  const { hosts, manifest } = logged.deployment;
  const isDecided = record?.verdict !== undefined && record.verdict !== 'paused';
  const place = hosts.indexOf(host.name);
  return {
    isAdmitted: isDecided || !isOrdered(manifest) || (place !== -1 && place < (record?.admitted ?? 0)),
    isConfirmed: record?.confirmed === true || isDecided,
    isGoingBack: record?.phase === 'going-back',
  };
}

function isListed({ hosts }: Deployment, { name }: SelectableHost): boolean {
  return hosts.includes(name);
}
