import type { Report, ReportState } from '../world.js';

/** `waiting`: the host's agent lives and has not reported yet. `lost`: its session ended without a final report. */
export type HostState = ReportState | 'waiting' | 'lost';

export interface HostVerdict {
  readonly state: HostState;
  /** One sentence for the person who reads it. */
  readonly message: string;
}

/** `pending` while any expected host may still report; then `failed` if any did not take the deploy. */
export type Verdict = 'pending' | 'healthy' | 'failed';

export interface Judgement {
  readonly verdict: Verdict;
  /** In the order of the expected hosts. */
  readonly hosts: ReadonlyMap<string, HostVerdict>;
}

export interface Evidence {
  /** The hosts that are expected to apply the deploy. */
  readonly hosts: readonly string[];
  readonly reports: ReadonlyMap<string, Report>;
  /** The hosts whose agent lives. */
  readonly agents: ReadonlySet<string>;
}

/** What became of a deploy, by what is known now: a host that is lost counts as failed until it comes back. */
export function judge({ hosts, reports, agents }: Evidence): Judgement {
  const verdicts = new Map(
    hosts.map((hostname) => [hostname, judgeHost(reports.get(hostname), agents.has(hostname))] as const),
  );
  const states = [...verdicts.values()].map((verdict) => verdict.state);
  return { verdict: verdictOf(states), hosts: verdicts };
}

/** Whether a host will say no more of this deploy. */
export function isFinal(state: HostState): boolean {
  return state === 'healthy' || state === 'failed' || state === 'skipped' || state === 'lost';
}

function verdictOf(states: readonly HostState[]): Verdict {
  if (!states.every(isFinal)) return 'pending';
  return states.some((state) => state === 'failed' || state === 'lost') ? 'failed' : 'healthy';
}

function judgeHost(report: Report | undefined, lives: boolean): HostVerdict {
  if (report !== undefined && (lives || isFinal(report.state))) {
    return { state: report.state, message: report.message };
  }
  if (lives) return { state: 'waiting', message: 'Waiting for its first report.' };
  const last = report === undefined ? '' : ` Its last words were: ${report.message}`;
  return { state: 'lost', message: `Its agent's session ended without a final report.${last}` };
}
