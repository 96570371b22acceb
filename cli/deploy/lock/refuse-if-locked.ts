import type { DeployLock } from '../../../world/deploys/locks/deploy-lock.js';
import { CliError } from '../../errors.js';
import { ourName } from '../../system/user-name.js';
import { describeLock } from './describe-lock.js';

/** Tells the commands that run under a lock which one that is. */
export const LOCK_VARIABLE = 'HAWSER_DEPLOY_LOCK';

/** Whether a lock is ours to pass and to take away: the person's own, or that of the command which runs this one. */
export function isOurLock({ id, by, until }: DeployLock): boolean {
  if (id !== '' && id === process.env[LOCK_VARIABLE]) return true;
  // What a command holds is there against other commands of the same person, too.
  return until !== undefined && by === ourName();
}

/** @throws CliError `locked` while somebody else keeps others from changing an app */
export function refuseIfLocked(app: string, lock: DeployLock | undefined): void {
  if (lock === undefined || isOurLock(lock)) return;
  const message = `${describeLock(app, lock)} Nothing was changed. Wait, or take the lock away with "hawser deploys unlock ${app} --force".`;
  throw new CliError('locked', message);
}
