import { z } from 'zod';
import type { KeyValue } from '../../client/key-value.js';
import { parseJson } from '../../client/stored/read-json.js';
import type { Compare } from '../../client/txn/transaction.js';
import { DEPLOY_LOCKS_PREFIX } from '../../keys.js';

/** By it a person keeps others from changing an app. */
export interface DeployLock {
  /** Tells it from others of the same person. */
  readonly id: string;
  /** Who holds it: `ann@laptop`. */
  readonly by: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
  /** When it ends by itself: ISO 8601; absent for one that goes with the command that holds it. */
  readonly until?: string | undefined;
}

/** A lock as it is stored. */
export interface StoredDeployLock {
  readonly lock: DeployLock;
  readonly revision: bigint;
}

/** What is shown of the owner and the reason is bounded. */
export const MOST_LOCK_CHARACTERS = 300;

/** The clocks of laptops differ, and leases live longer when etcd changes its leader. */
const CLOCK_TOLERANCE_MS = 60_000;

const shortened = z.string().transform((text) => text.slice(0, MOST_LOCK_CHARACTERS));
const lockSchema: z.ZodType<DeployLock> = z.object({
  id: z.string(),
  by: shortened,
  reason: shortened,
  since: z.string(),
  until: z.string().exactOptional(),
});

/** Nobody may pass a lock because it cannot be read. */
const UNREADABLE: DeployLock = { id: '', by: 'somebody', reason: 'it cannot be read', since: '' };

export function deployLockKey(app: string): string {
  return `${DEPLOY_LOCKS_PREFIX}${app}`;
}

/** @param nowMs the present time, to leave out one whose time is over; undefined for one that counts no more */
export function parseDeployLock(entry: KeyValue, nowMs: number): StoredDeployLock | undefined {
  const lock = lockSchema.safeParse(parseJson(entry.value.toString())).data ?? UNREADABLE;
  const untilMs = Date.parse(lock.until ?? '');
  // Not a number for none.
  if (nowMs > untilMs + CLOCK_TOLERANCE_MS) return undefined;
  return { lock, revision: entry.modRevision };
}

/** Fails once somebody has locked an app, or unlocked it. @param revision of its lock; 0 for none */
export function lockIsStill(app: string, revision: bigint): Compare {
  return { key: deployLockKey(app), target: 'modRevision', relation: '=', to: revision };
}
