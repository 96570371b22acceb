import type { Report, ReportState } from './report.js';

/**
 * `waiting`: the host's agent is alive and has not reported yet. `lost`: its session ended without a final report.
 * `missing`: it had no session when the deploy was made, and has reported nothing.
 */
export type HostState = ReportState | 'waiting' | 'lost' | 'missing';

export interface HostVerdict {
  readonly state: HostState;
  /** One sentence for the person who reads it. */
  readonly message: string;
}

/** `pending` while any expected host may still report; then `failed` if any did not apply the deploy. */
export type Verdict = 'pending' | 'healthy' | 'failed';

export interface DeployVerdict {
  readonly verdict: Verdict;
  /** In the order of the expected hosts. */
  readonly hosts: ReadonlyMap<string, HostVerdict>;
}

export interface DeployEvidence {
  /** The hosts that are expected to apply the deploy. */
  readonly hosts: readonly string[];
  readonly reports: ReadonlyMap<string, Report>;
  /** The hosts whose agent is alive. */
  readonly agents: ReadonlySet<string>;
  /** The hosts whose agent was not alive when the deploy was made. */
  readonly away?: ReadonlySet<string> | undefined;
  /** A dead host that reported nothing is `missing`, whenever it died, and does not count as a failure. */
  readonly allowMissing?: boolean | undefined;
}

/** The verdict on a deploy as known now: a lost host counts as failed until it comes back. */
export function deployVerdict({
  hosts,
  reports,
  agents,
  away,
  allowMissing = false,
}: DeployEvidence): DeployVerdict {
  const verdicts = new Map(
    hosts.map((hostname) => {
      const mayBeMissing = allowMissing || away?.has(hostname) === true;
      return [hostname, hostVerdict(reports.get(hostname), agents.has(hostname), mayBeMissing)] as const;
    }),
  );
  const states = [...verdicts.values()]
    .map((verdict) => verdict.state)
    .filter((state) => state !== 'missing' || !allowMissing);
  return { verdict: verdictOf(states), hosts: verdicts };
}

/** Whether a host will report no more of this deploy. */
function isFinal(state: HostState): boolean {
  return state === 'healthy' || state === 'skipped' || isBad(state);
}

/** Whether a host has not applied the deploy, or was lost. */
function isBad(state: HostState): boolean {
  return state === 'failed' || state === 'lost' || state === 'missing';
}

function verdictOf(states: readonly HostState[]): Verdict {
  if (!states.every(isFinal)) return 'pending';
  return states.some(isBad) ? 'failed' : 'healthy';
}

function hostVerdict(report: Report | undefined, lives: boolean, mayBeMissing: boolean): HostVerdict {
  if (report !== undefined && (lives || isFinal(report.state))) {
    return { state: report.state, message: report.message };
  }
  if (lives) return { state: 'waiting', message: 'Waiting for its first report.' };
  if (report === undefined && mayBeMissing)
    return {
      state: 'missing',
      message: 'Its agent is not running; it will apply the deploy when it is back.',
    };
  const last = report === undefined ? '' : ` Its last report was: ${report.message}`;
  return { state: 'lost', message: `Its agent's session ended without a final report.${last}` };
}
