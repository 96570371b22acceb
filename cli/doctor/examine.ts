import { CHECKS } from './checks.js';
import type { DoctorProblem, Finding } from './finding.js';
import type { Patient } from './patient.js';

/** One check that was made. */
export interface MadeCheck {
  readonly check: string;
  readonly title: string;
  readonly finding: Finding;
}

/** What came of examining a host. */
export interface Examination {
  readonly host: string;
  /** `user@host:port` */
  readonly destination: string;
  /** Up to the first that found something wrong. */
  readonly checks: readonly MadeCheck[];
  readonly problem: (DoctorProblem & { readonly check: string }) | undefined;
  /** Whether it was found before the host was entered. */
  readonly isUnreachable: boolean;
}

/** Walks from check to check, up to the first that finds something wrong. */
export async function examine(patient: Patient): Promise<Examination> {
  const { name: host, place: destination } = patient.subject;
  const checks: MadeCheck[] = [];
  for (const { name: check, title, isBeforeLogin = false, run } of CHECKS) {
    const finding = await run(patient);
    checks.push({ check, title, finding });
    if (finding.state !== 'wrong') continue;
    const problem = { ...finding.problem, check };
    return { host, destination, checks, problem, isUnreachable: isBeforeLogin };
  }
  return { host, destination, checks, problem: undefined, isUnreachable: false };
}
