import type { Deployment } from '../deploy-payload.js';
import type { JudgedHost } from './judge-hosts.js';

/** So many hosts are named. */
const MOST_NAMES = 5;

/** What hosts say is bounded, so that a record stays small. */
const MOST_CHARACTERS = 300;

/** "All 3 hosts are healthy." or "2 of 3 hosts are healthy; not there: web3." */
export function describeEnd(deployment: Deployment, hosts: readonly JudgedHost[], isLate: boolean): string {
  const done = hosts.filter(({ progress }) => progress === 'done').length;
  const wellness = `${countHosts(done, hosts.length)} ${wellnessOf(deployment, done)}`;
  const problems = describeProblems(hosts, isLate);
  return problems === undefined ? `${wellness}.` : `${wellness}; ${problems}`;
}

/** Why a rollout stops: "web2 failed: It exited." Undefined when nothing is wrong. */
export function describeProblems(hosts: readonly JudgedHost[], isLate: boolean): string | undefined {
  const named = (progress: JudgedHost['progress']): string[] =>
    hosts.filter((host) => host.progress === progress).map(({ name }) => name);
  const [failed, lost, missing] = [named('failed'), named('lost'), named('missing')];
  const late = isLate ? named('busy') : [];
  const parts = [
    ...(failed.length === 0 ? [] : [`failed: ${nameHosts(failed)}`]),
    ...(lost.length === 0 ? [] : [`lost while they switched: ${nameHosts(lost)}`]),
    ...(late.length === 0 ? [] : [`not finished in time: ${nameHosts(late)}`]),
    ...(missing.length === 0 ? [] : [`not there: ${nameHosts(missing)}`]),
  ];
  if (parts.length === 0) return undefined;
  const first = hosts.find(({ progress }) => progress === 'failed');
  const said = first === undefined ? '' : ` ${first.name}: ${shorten(first.report?.message ?? '')}`;
  return `${parts.join('; ')}.${said}`;
}

/** "web1, web2, and 40 more" */
export function nameHosts(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return rest > 0 ? `${shown}, and ${rest} more` : shown;
}

function countHosts(done: number, all: number): string {
  if (done === all) return all === 1 ? 'The host' : `All ${all} hosts`;
  return `${done} of ${all} hosts`;
}

function wellnessOf({ noop, action }: Deployment, count: number): string {
  if (noop) return `${count === 1 ? 'has' : 'have'} verified it`;
  if (action === 'remove') return `${count === 1 ? 'has' : 'have'} removed it`;
  return count === 1 ? 'is healthy' : 'are healthy';
}

function shorten(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
}
