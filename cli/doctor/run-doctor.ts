import { inParallel } from '../../base/in-parallel.js';
import { Questions } from '../../tunnel/question-queue.js';
import type { CommandContext } from '../command-context.js';
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import type { ConnectionFlags } from '../fleet/connection-flags.js';
import { resolveTarget } from '../fleet/resolve-target.js';
import { logTo, printResult } from '../output/print.js';
import { askFor } from '../prompts/ask-ssh-questions.js';
import { SudoPasswords } from '../setup/host/sudo-passwords.js';
import { expandHome } from '../system/user-folders.js';
import { chooseSubjects } from './choose-subjects.js';
import { type Examination, examine } from './examine.js';
import { examinationsToJson, formatExamination, formatExaminations } from './format-examination.js';
import { Patient } from './patient.js';

/** How many hosts are examined at a time. */
const AT_A_TIME = 32;

export interface DoctorFlags extends ConnectionFlags {
  readonly prefix: string;
  readonly sudoPasswordFile?: string;
}

/** Examines the hosts, prints what was found, and sets the exit code. */
export async function runDoctor(
  context: CommandContext,
  selection: string | undefined,
  flags: DoctorFlags,
): Promise<void> {
  const { signal } = context.interrupts;
  const target = await resolveTarget(flags, { usesHosts: true, signal });
  // Warnings of the way would only repeat what is found.
  const log = flags.verbose ? logTo(flags) : () => undefined;
  const ask = askFor(target, log);
  // One at a time, whatever the host and whatever it is about.
  const questions = ask && new Questions(ask);
  const file = flags.sudoPasswordFile === undefined ? undefined : expandHome(flags.sudoPasswordFile);
  const passwords = new SudoPasswords(questions, file);
  const chosen = await chooseSubjects({ ...target, sudoPasswords: passwords }, selection, { log, signal });
  const { timeoutMs } = target;
  const found = new Map<string, Examination>();
  await inParallel(chosen, AT_A_TIME, async ({ subject, tunnel }) => {
    const how = {
      tunnel: { ...tunnel, ask: questions },
      target,
      passwords,
      prefix: flags.prefix,
      timeoutMs,
      signal,
      log,
    };
    await using patient = new Patient(subject, how);
    found.set(subject.name, await examine(patient));
  });
  const all = chosen.flatMap(({ subject }) => found.get(subject.name) ?? []);
  const [only] = all;
  const text = only !== undefined && all.length === 1 ? formatExamination(only) : formatExaminations(all);
  printResult(flags, examinationsToJson(all), text);
  context.exitCode = exitCodeFor(all);
}

/** 3 only if hawser could connect to none of the hosts with which something is wrong. */
function exitCodeFor(all: readonly Examination[]): ExitCode {
  const ill = all.filter(({ problem }) => problem !== undefined);
  if (ill.length === 0) return EXIT_CODES.done;
  return ill.every(({ isUnreachable }) => isUnreachable) ? EXIT_CODES.unreachable : EXIT_CODES.failed;
}
