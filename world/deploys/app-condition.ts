/** How the app that a host runs has fared since it was healthy. */
export interface AppCondition {
  /** Whether it runs, and has run for its settling time. */
  readonly up: boolean;
  /** How often it was started again lately. */
  readonly restarts: number;
  /** How it ended last, such as "ended (exit code 7)". */
  readonly lastExit?: string | undefined;
}

/** "ended (exit code 7), started again 4 times" */
export function describeCondition({ lastExit = 'went down', restarts }: AppCondition): string {
  if (restarts === 0) return lastExit;
  return `${lastExit}, started again ${restarts === 1 ? 'once' : `${restarts} times`}`;
}
