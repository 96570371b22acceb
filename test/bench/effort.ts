/** How much is measured. */
export interface Effort {
  readonly isQuick: boolean;
  /** Each way is measured so often, in turns with the others. */
  readonly rounds: number;
  /** For each measurement of a rate. */
  readonly durationMs: number;
}

export const THOROUGH: Effort = { isQuick: false, rounds: 5, durationMs: 1_000 };
export const QUICK: Effort = { isQuick: true, rounds: 3, durationMs: 250 };
