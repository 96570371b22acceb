import type { Release } from '../releases/deploy-entry.js';
import type { StepFailure } from '../step-failure.js';
import { OnceFile } from './once-file.js';
import { type HookOptions, runHook } from './run-hook.js';

/**
 * Runs the hook `once` of a release, unless this host has run it already. One that was interrupted is a failure: what it
 * changes, such as a database, may be half done, and a person has to look at it.
 *
 * @param appFolder where the app is kept
 */
export async function runOnce(
  release: Release,
  appFolder: string,
  options: HookOptions,
): Promise<StepFailure | undefined> {
  const file = new OnceFile(appFolder);
  const earlier = await file.read(release);
  if (earlier === 'done') return undefined;
  if (earlier === 'started') {
    const message =
      'The hook once was interrupted when the agent stopped: check what it has done, then deploy again.';
    return { message, logTail: '' };
  }
  await file.write(release, false);
  const failure = await runHook('once', release, options);
  if (failure === undefined) await file.write(release, true);
  return failure;
}
