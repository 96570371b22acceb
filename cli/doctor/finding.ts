/** What is wrong on the way to a host and its World. */
export interface DoctorProblem {
  /** For programs, such as `disk-full`. */
  readonly code: string;
  /** What is wrong, in one sentence or two. */
  readonly message: string;
  /** What mends it: one command, or a sentence where no command does. */
  readonly remedy: string;
}

/** What one check found. */
export type Finding =
  | { readonly state: 'ok' | 'skipped'; readonly said: string }
  | { readonly state: 'wrong'; readonly problem: DoctorProblem };

/** All is as it should be; `said` is what was seen. */
export function ok(said: string): Finding {
  return { state: 'ok', said };
}

/** There was nothing to check; `said` is why. */
export function skipped(said: string): Finding {
  return { state: 'skipped', said };
}

/** Something is wrong. The parts are those of {@link DoctorProblem}. */
export function wrong(code: string, message: string, remedy: string): Finding {
  return { state: 'wrong', problem: { code, message, remedy } };
}
