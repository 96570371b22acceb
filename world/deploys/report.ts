import type { AppCondition } from './app-condition.js';

/** What one host says of one deploy. The last three states are final. */
export type ReportState = 'fetching' | 'applying' | 'healthy' | 'failed' | 'skipped';

export interface Report {
  readonly hostname: string;
  readonly state: ReportState;
  /** One sentence for the person who reads it; for `failed`, what went wrong. */
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
  /** For `failed`: the last lines that the app wrote. */
  readonly logTail?: string | undefined;
  /** The deploy that the host runs now (after a failed one: the one it went back to; 0 for none). */
  readonly current: number;
  /** How the app of `current` fares; absent while nothing has happened to it. */
  readonly app?: AppCondition | undefined;
}
