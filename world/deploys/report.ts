/** A state of a deploy on a host. The last four are final. `waiting`: it is there, and waits for its turn. */
export type ReportState =
  | 'fetching'
  | 'waiting'
  | 'applying'
  | 'healthy'
  | 'failed'
  | 'rolled-back'
  | 'skipped';

export const REPORT_STATES = [
  'fetching',
  'waiting',
  'applying',
  'healthy',
  'failed',
  'rolled-back',
  'skipped',
] as const satisfies readonly ReportState[];

export interface Report {
  readonly hostname: string;
  readonly state: ReportState;
  /** What it does, or did last: `fetch`, `wait`, `once`, `prepare`, `stop`, `switch`, `start`, `health`, `verify`, `confirm`, `back`. */
  readonly step?: string | undefined;
  /** One sentence for people; for `failed`, what went wrong. */
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
  /** For `failed`: the last lines that the app or hook wrote; else those of the hooks that ran. */
  readonly logTail?: string | undefined;
  /** The deploy that the host runs now (after a failed one: the one it went back to; 0 for none). */
  readonly current: number;
}
