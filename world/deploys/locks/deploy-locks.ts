import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { DEPLOY_LOCKS_PREFIX } from '../../keys.js';
import {
  type DeployLock,
  deployLockKey,
  lockIsStill,
  parseDeployLock,
  type StoredDeployLock,
} from './deploy-lock.js';

/** What is known of the lock of an app. */
export interface DeployLockState {
  /** Undefined when the app is not locked. */
  readonly lock: DeployLock | undefined;
  /** Of the stored lock, also of one that counts no more; 0 for none. */
  readonly revision: bigint;
}

export async function readDeployLock(
  client: Client,
  app: string,
  options?: CallOptions,
): Promise<DeployLockState> {
  const entry = await client.get(deployLockKey(app), options);
  if (entry === undefined) return { lock: undefined, revision: 0n };
  return { lock: parseDeployLock(entry, Date.now())?.lock, revision: entry.modRevision };
}

/** All locks by app. */
export async function listDeployLocks(
  client: Client,
  options?: CallOptions,
): Promise<Map<string, StoredDeployLock>> {
  const { entries } = await client.list(DEPLOY_LOCKS_PREFIX, options);
  const found = new Map<string, StoredDeployLock>();
  for (const entry of entries) {
    const stored = parseDeployLock(entry, Date.now());
    if (stored !== undefined) found.set(entry.key.slice(DEPLOY_LOCKS_PREFIX.length), stored);
  }
  return found;
}

/**
 * Locks an app for as long as a lease lives, in place of the lock that was seen.
 * @param seen the revision of that; 0 for none
 * @returns the revision of the new lock; undefined when somebody was faster
 */
export async function storeDeployLock(
  client: Client,
  app: string,
  lock: DeployLock,
  { lease, seen, ...call }: CallOptions & { readonly lease: string; readonly seen: bigint },
): Promise<bigint | undefined> {
  const key = deployLockKey(app);
  const value = JSON.stringify(lock);
  const { succeeded, revision, replies } = await client.txn(
    { compare: [lockIsStill(app, seen)], success: [{ put: key, value, lease }], failure: [{ get: key }] },
    { ...call, repeatable: true },
  );
  if (succeeded) return revision;
  // The answer to our own write may have been lost.
  const stored = replies[0]?.entries[0];
  return stored?.value.toString() === value ? stored.modRevision : undefined;
}

/** Deletes the lock that was seen. @returns false when there is another one, or none */
export async function deleteDeployLock(
  client: Client,
  app: string,
  seen: bigint,
  options?: CallOptions,
): Promise<boolean> {
  const key = deployLockKey(app);
  const { succeeded, repeated, replies } = await client.txn(
    { compare: [lockIsStill(app, seen)], success: [{ delete: key }], failure: [{ get: key }] },
    { ...options, repeatable: true },
  );
  return succeeded || (repeated && replies[0]?.entries[0] === undefined);
}
