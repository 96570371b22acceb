import { absent, type Compare, present, type TxnOp, valueIs } from '../client/txn/transaction.js';
import { WorldError } from '../errors.js';
import { freshTreeKey, treeKey } from '../fs/deploy-trees/tree-keys.js';
import { hashKey, payloadKey } from './deploy-keys.js';
import { deployLockKey, lockIsStill } from './locks/deploy-lock.js';
import { indexWrite } from './newest-deploy-per-app.js';

// The transaction that appends an entry to the deploy log.

/** An entry that is to be appended. */
export interface NewDeploy {
  readonly id: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly payload: string;
  /** The tree and the app that it names, if hawser made it. */
  readonly tree: string | undefined;
  readonly name: string | undefined;
  /** It was stored here, so that it has to be there. */
  readonly isTreeStored: boolean;
  /** The revision of the app's lock, which must still be that; undefined: it is not compared. */
  readonly lockRevision: bigint | undefined;
}

/** What the log held when a deploy could not be appended. */
export interface Found {
  readonly payload: string | undefined;
  readonly hash: string | undefined;
  readonly previousExists: boolean;
  readonly previousHash: string | undefined;
  readonly isTreeFreed: boolean;
  readonly isLockChanged: boolean;
}

export function conditions(deploy: NewDeploy): Compare[] {
  const { id, hash, parentHash, tree, isTreeStored, name, lockRevision } = deploy;
  const first = [absent(payloadKey(id)), absent(hashKey(id))];
  if (lockRevision !== undefined && name !== undefined) first.push(lockIsStill(name, lockRevision));
  if (isTreeStored && tree !== undefined) first.push(present(treeKey(tree)));
  if (id === 1) return first;
  const chained = hash !== '' && parentHash !== '' ? [valueIs(hashKey(id - 1), parentHash)] : [];
  return [...first, present(payloadKey(id - 1)), ...chained];
}

export function writes({ id, hash, payload, tree, name }: NewDeploy): TxnOp[] {
  const ops: TxnOp[] = [{ put: payloadKey(id), value: payload }];
  if (name !== undefined) ops.push(...indexWrite(name, id));
  if (hash !== '') ops.push({ put: hashKey(id), value: hash });
  // From here on the deploy keeps the tree.
  if (tree !== undefined) ops.push({ delete: freshTreeKey(tree) });
  return ops;
}

export function questions({ id, tree, name = '' }: NewDeploy): TxnOp[] {
  return [
    { get: payloadKey(id) },
    { get: hashKey(id) },
    { get: payloadKey(id - 1), countOnly: true },
    { get: hashKey(id - 1) },
    { get: deployLockKey(name) },
    ...(tree === undefined ? [] : [{ get: treeKey(tree), countOnly: true }]),
  ];
}

export function explain({ id, parentHash, tree = '', name = '' }: NewDeploy, found: Found): WorldError {
  const key = payloadKey(id);
  if (found.payload !== undefined || found.hash !== undefined) {
    const message = `Deploy ${id} already exists: somebody else deployed first. Look at it, then deploy again.`;
    return new WorldError('conflict', message, { key });
  }
  if (found.isLockChanged) {
    const message = `Deploy ${id} cannot be added: somebody has locked ${name}, or unlocked it. Look at that, then deploy again.`;
    return new WorldError('conflict', message, { key: deployLockKey(name) });
  }
  if (found.isTreeFreed) {
    const message = `Deploy ${id} cannot be added: its files (tree ${tree.slice(0, 10)}…) were freed because no deploy named them. Upload the directory again.`;
    return new WorldError('not-found', message, { key: treeKey(tree) });
  }
  if (!found.previousExists) {
    const message = `Deploy ${id} cannot be added because there is no deploy ${id - 1}: ids follow each other without a gap.`;
    return new WorldError('conflict', message, { key });
  }
  const held = found.previousHash === undefined ? 'has no hash' : `has the hash ${found.previousHash}`;
  const message = `Deploy ${id} does not follow deploy ${id - 1}, which ${held} instead of ${parentHash}: update your copy first.`;
  return new WorldError('conflict', message, { key });
}
