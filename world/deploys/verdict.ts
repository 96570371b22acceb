import type { Report, ReportState } from '../world.js';

/**
 * `waiting`: the host's agent lives and has not reported yet. `lost`: its session ended without a final report.
 * `missing`: it has none, and never said anything of the deploy.
 */
export type HostState = ReportState | 'waiting' | 'lost' | 'missing';

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
  /** A host that is missing is no failure. */
  readonly allowMissing?: boolean;
}

/** What became of a deploy, by what is known now: a host that is lost counts as failed until it comes back. */
export function judge({ hosts, reports, agents, allowMissing = false }: Evidence): Judgement {
  const verdicts = new Map(
    hosts.map((hostname) => [hostname, judgeHost(reports.get(hostname), agents.has(hostname))] as const),
  );
  const states = [...verdicts.values()]
    .map((verdict) => verdict.state)
    .filter((state) => state !== 'missing' || !allowMissing);
  return { verdict: verdictOf(states), hosts: verdicts };
}

/** Whether a host will say no more of this deploy. */
export function isFinal(state: HostState): boolean {
  return state === 'healthy' || state === 'skipped' || isBad(state);
}

/** Whether a host has not taken the deploy, or gone without a word. */
function isBad(state: HostState): boolean {
  return state === 'failed' || state === 'lost' || state === 'missing';
}

function verdictOf(states: readonly HostState[]): Verdict {
  if (!states.every(isFinal)) return 'pending';
  return states.some(isBad) ? 'failed' : 'healthy';
}

function judgeHost(report: Report | undefined, lives: boolean): HostVerdict {
  if (report !== undefined && (lives || isFinal(report.state))) {
    return { state: report.state, message: report.message };
  }
  if (lives) return { state: 'waiting', message: 'Waiting for its first report.' };
  if (report === undefined)
    return { state: 'missing', message: 'Its agent does not run; it applies the deploy when it is back.' };
  const last = ` Its last words were: ${report.message}`;
  return { state: 'lost', message: `Its agent's session ended without a final report.${last}` };
}
