import type { Deployment } from './deploy-payload.js';
import type { Report, ReportState } from './report.js';

/**
 * `waiting`: the host has not begun yet. `lost`: its agent's session ended while it worked on the deploy. `missing`: its agent
 * is not running, and had not begun.
 */
export type HostState = ReportState | 'lost' | 'missing';

/** How far a host is with a deploy. */
export interface HostProgress {
  readonly state: HostState;
  /** What it does, or did last, as its report says; absent before the first. */
  readonly step?: string | undefined;
  /** One sentence for the person who reads it. */
  readonly message: string;
  /** When it said so: ISO 8601; absent before its first report. */
  readonly at?: string | undefined;
  /** Its report, if there is one. */
  readonly report?: Report | undefined;
}

/** How far each host of a deploy is, as known now, in the order of the deploy. */
export function hostStates(
  { hosts, away = [] }: Pick<Deployment, 'hosts' | 'away'>,
  reports: ReadonlyMap<string, Report>,
  agents: { has(hostname: string): boolean },
): Map<string, HostProgress> {
  return new Map(
    hosts.map((hostname) => {
      const report = reports.get(hostname);
      const known = { lives: agents.has(hostname), wasAway: away.includes(hostname) };
      const { state, message } = progressOf(report, known);
      const said = report && {
        at: report.at,
        report,
        ...(report.step === undefined ? {} : { step: report.step }),
      };
      return [hostname, { state, message, ...said }];
    }),
  );
}

/** Whether a host will report no more of this deploy. */
export function isFinal(state: HostState): boolean {
  return ['healthy', 'failed', 'rolled-back', 'skipped'].includes(state);
}

function progressOf(
  report: Report | undefined,
  { lives, wasAway }: { readonly lives: boolean; readonly wasAway: boolean },
): { state: HostState; message: string } {
  if (report !== undefined && (lives || isFinal(report.state)))
    return { state: report.state, message: report.message };
  if (lives) return { state: 'waiting', message: 'Waiting for its first report.' };
  if (report === undefined || wasAway || report.state !== 'applying')
    return { state: 'missing', message: 'Its agent is not running; it catches up when it is back.' };
  const message = `Its agent's session ended without a final report. Its last report was: ${report.message}`;
  return { state: 'lost', message };
}
