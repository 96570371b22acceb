import type { HookName } from '../../../world/internal.js';
import { describeExit } from '../../cluster/server/describe-server-exit.js';
import { explainNotRun } from '../explain-not-run.js';
import type { RunOfRelease } from '../processes/program-runner.js';
import type { Release } from '../releases/deploy-entry.js';
import type { StepFailure } from '../step-failure.js';

/** How long a hook may take, unless the manifest says otherwise. */
const DEFAULT_HOOK_TIMEOUT_MS = 300_000;

export interface HookOptions {
  readonly run: RunOfRelease;
  readonly signal: AbortSignal;
  /** Takes the last lines that it wrote, if it did what it had to. */
  readonly onOutput: (tail: string) => void;
}

/**
 * Runs a hook of a release, if it has one. @returns what went wrong, with the last lines that it wrote
 *
 * @throws the signal's reason after an abort
 */
export async function runHook(
  name: HookName,
  { deployment }: Release,
  { run, signal, onOutput }: HookOptions,
): Promise<StepFailure | undefined> {
  const hook = deployment.manifest.hooks?.[name];
  if (hook === undefined) return undefined;
  const { run: argv, timeoutMs = DEFAULT_HOOK_TIMEOUT_MS } = hook;
  const program = { purpose: `hook-${name}`, argv, env: { HAWSER_HOOK: name }, timeoutMs };
  try {
    const { exit, timedOut, outputTail: logTail } = await run(program, signal);
    if (timedOut)
      return {
        message: `The hook ${name} did not end within ${timeoutMs / 1000} s and was killed.`,
        logTail,
      };
    if (exit.code === 0) {
      onOutput(logTail);
      return undefined;
    }
    return { message: `The hook ${name} failed (${describeExit(exit)}).`, logTail };
  } catch (error) {
    signal.throwIfAborted();
    return {
      message: `Cannot run the hook ${name}: ${explainNotRun(error as Error, argv[0])}.`,
      logTail: '',
    };
  }
}
