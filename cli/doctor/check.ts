import type { Finding } from './finding.js';
import type { Patient } from './patient.js';
import type { Subject } from './subject.js';

/** One step of the walk, from a fact that was gathered to what it means. */
export interface Check<Fact> {
  /** For programs, and the first column for people. */
  readonly name: string;
  /** What is looked at for, in words. */
  readonly title: string;
  /** Whether the host was not entered yet: what is wrong here means that hawser could not connect. */
  readonly isBeforeLogin?: boolean;
  /** Gathers the fact; several checks may share one. */
  readonly look: (patient: Patient) => Promise<Fact>;
  /** Pure. */
  readonly judge: (fact: Fact, subject: Subject) => Finding;
}

/** A check with its fact behind it, for a list of all. */
export interface AnyCheck extends Pick<Check<unknown>, 'name' | 'title' | 'isBeforeLogin'> {
  readonly run: (patient: Patient) => Promise<Finding>;
}

/** For the list of checks. */
export function toAnyCheck<Fact>(check: Check<Fact>): AnyCheck {
  const { name, title, isBeforeLogin = false, look, judge } = check;
  return { name, title, isBeforeLogin, run: async (patient) => judge(await look(patient), patient.subject) };
}
