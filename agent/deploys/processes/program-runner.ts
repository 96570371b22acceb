import type { ProcessMark } from '../../processes/process-mark.js';
import { type RunResult, runProgram } from '../../processes/run-program.js';
import { hideSecrets } from '../secrets/open-secrets.js';
import { programEnvironment, type ReleaseContext } from './release-context.js';

export interface Program {
  /** What it is for, such as `hook-prepare`: a part of its mark. */
  readonly purpose: string;
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Runs programs of a release that have an end: hooks and `exec` checks. */
export type RunOfRelease = (program: Program, signal: AbortSignal) => Promise<RunResult>;

export function programRunner(context: ReleaseContext, mark: ProcessMark): RunOfRelease {
  const { release, folder, account } = context;
  return async ({ purpose, argv, env = {}, timeoutMs }, signal) => {
    const name = `${release.deployment.name}/${release.name}/${purpose}`;
    const result = await runProgram({
      ...{ argv, cwd: folder, account, timeoutMs, signal },
      environment: programEnvironment(context, env),
      mark: mark.markOf(name),
      cgroup: mark.cgroup(name.replaceAll('/', '.')),
    });
    return { ...result, outputTail: hideSecrets(result.outputTail, context.secrets) };
  };
}
