/** The states of a deploy on a host. The last four are final. `waiting`: it is there, and waits for its turn. */
export const REPORT_STATES = [
  'fetching',
  'waiting',
  'applying',
  'healthy',
  'failed',
  'rolled-back',
  'skipped',
] as const;

export type ReportState = (typeof REPORT_STATES)[number];

export interface Report {
  readonly hostname: string;
  readonly state: ReportState;
  /** What it does, or did last: `fetch`, `wait`, `once`, `prepare`, `stop`, `switch`, `start`, `health`, `verify`, `confirm`, `back`. */
  readonly step?: string | undefined;
  /** One sentence for people; for `failed`, what went wrong. */
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
  /** For `failed`: the last lines that the app wrote. */
  readonly logTail?: string | undefined;
  /** The deploy that the host runs now (after a failed one: the one it went back to; 0 for none). */
  readonly current: number;
  /** The state of the app of `current`; absent until something happened to it. */
  readonly app?: AppCondition | undefined;
}

/** What happened to the app that a host runs since it was healthy. */
export interface AppCondition {
  /** Whether it runs, and has run for its settling time. */
  readonly up: boolean;
  /** How often it was restarted recently. */
  readonly restarts: number;
  /** How it ended last, such as "ended (exit code 7)". */
  readonly lastExit?: string | undefined;
}

/** "ended (exit code 7), restarted 4 times" */
export function describeCondition({ lastExit = 'went down', restarts }: AppCondition): string {
  if (restarts === 0) return lastExit;
  return `${lastExit}, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`;
}
