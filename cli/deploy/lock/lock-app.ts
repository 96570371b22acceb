import { randomUUID } from 'node:crypto';
import type { ClientWorld } from '../../../world/client-world.js';
import type { DeployLock } from '../../../world/deploys/locks/deploy-lock.js';
import { MOST_LOCK_CHARACTERS } from '../../../world/deploys/locks/deploy-lock.js';
import {
  type DeployLockState,
  deleteDeployLock,
  readDeployLock,
  storeDeployLock,
} from '../../../world/deploys/locks/deploy-locks.js';
import { CliError } from '../../errors.js';
import { suggestion } from '../../input/nearest-word.js';
import { ourName } from '../../system/user-name.js';
import type { ReadCall } from '../read-deploys.js';
import { describeLock } from './describe-lock.js';
import { isOurLock } from './refuse-if-locked.js';

/** A lock that we hold. */
export interface HeldLock {
  readonly lock: DeployLock;
  readonly revision: bigint;
}

/** Longer locks are forgotten ones. */
const LONGEST_LOCK_MS = 7 * 24 * 3_600_000;

/**
 * Locks an app for some time. The lock ends by itself, whatever becomes of this machine.
 * @throws CliError `locked` while somebody else has it; `usage` for an app that there is not, or a time or reason that is too long
 */
export async function lockForTime(
  world: ClientWorld,
  { app, reason, forMs }: { readonly app: string; readonly reason: string; readonly forMs: number },
  call: ReadCall,
): Promise<HeldLock> {
  if (forMs < 1_000 || forMs > LONGEST_LOCK_MS)
    throw new CliError('usage', 'A lock lasts from 1s to 168h (a week): change --for.');
  const lock = { ...newLock(reason), until: new Date(Date.now() + forMs).toISOString() };
  const before = await lookBefore(world, app, call);
  const lease = await world.client.leaseFor(`deploy-lock ${lock.id}`, Math.ceil(forMs / 1_000), call);
  return { lock, revision: await take(world, app, { lock, lease, before }, call) };
}

/**
 * Locks an app for as long as a lease lives that the caller keeps.
 * @throws as {@link lockForTime}; CliError `locked` also while the person has a lock already, which this one would end early
 */
export async function lockByLease(
  world: ClientWorld,
  { app, reason, lease }: { readonly app: string; readonly reason: string; readonly lease: string },
  call: ReadCall,
): Promise<HeldLock> {
  const lock = newLock(reason);
  const before = await lookBefore(world, app, call);
  if (before.lock !== undefined) {
    const remedy = `That lock is yours already: run the command without another, or end it first with "hawser deploys unlock ${app}".`;
    throw new CliError('locked', `${describeLock(app, before.lock)} ${remedy}`);
  }
  return { lock, revision: await take(world, app, { lock, lease, before }, call) };
}

/**
 * Takes the lock of an app away.
 * @returns whose it was; undefined when there was none
 * @throws CliError `locked` for somebody else's, unless it is forced
 */
export async function unlockApp(
  world: ClientWorld,
  { app, force }: { readonly app: string; readonly force: boolean },
  call: ReadCall,
): Promise<DeployLock | undefined> {
  const { lock, revision } = await readDeployLock(world.client, app, call);
  if (revision === 0n) await checkExists(world, app, call);
  if (lock !== undefined && !force && !isOurLock(lock))
    throw new CliError('locked', `${describeLock(app, lock)} To take it away all the same, pass --force.`);
  if (revision > 0n && !(await deleteDeployLock(world.client, app, revision, call)) && lock !== undefined)
    throw new CliError(
      'overtaken',
      `The lock of ${app} has changed: look at it with "hawser apps", then try again.`,
    );
  return lock;
}

function newLock(reason: string): DeployLock {
  if (reason.length > MOST_LOCK_CHARACTERS)
    throw new CliError(
      'usage',
      `Say it in at most ${MOST_LOCK_CHARACTERS} characters: --reason has ${reason.length}.`,
    );
  return { id: randomUUID(), by: ourName(), reason, since: new Date().toISOString() };
}

async function lookBefore(world: ClientWorld, app: string, call: ReadCall): Promise<DeployLockState> {
  await checkExists(world, app, call);
  const before = await readDeployLock(world.client, app, call);
  refuse(app, before.lock);
  return before;
}

async function take(
  world: ClientWorld,
  app: string,
  { lock, lease, before }: { lock: DeployLock; lease: string; before: DeployLockState },
  call: ReadCall,
): Promise<bigint> {
  const stored = await storeDeployLock(world.client, app, lock, { ...call, lease, seen: before.revision });
  if (stored !== undefined) return stored;
  refuse(app, (await readDeployLock(world.client, app, call)).lock);
  throw new CliError('overtaken', `The lock of ${app} has changed just now: try again.`);
}

/** One's own is replaced. */
function refuse(app: string, lock: DeployLock | undefined): void {
  if (lock === undefined || isOurLock(lock)) return;
  throw new CliError(
    'locked',
    `${describeLock(app, lock)} Wait, or take it away with "hawser deploys unlock ${app} --force".`,
  );
}

async function checkExists(world: ClientWorld, app: string, call: ReadCall): Promise<void> {
  const apps = await world.getApps(call);
  if (apps.has(app)) return;
  throw new CliError(
    'usage',
    `No app called ${app} was deployed${suggestion(app, [...apps.keys()].sort())}.`,
  );
}
