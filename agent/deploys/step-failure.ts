/** Why a release was not applied, for the report. */
export interface StepFailure {
  /** One or more sentences for people. */
  readonly message: string;
  /** The last lines that the program in question wrote; empty if there is none. */
  readonly logTail: string;
}
