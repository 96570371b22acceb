import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { describeKey } from '../client/error/name-key-for-users.js';
import { absent, type Compare, type TxnOp } from '../client/txn/transaction.js';
import { WorldError } from '../errors.js';
import { CLUSTER_SIZE_PREFIX, DEPLOY_PREFIX, DEPLOYS_PREFIX, STRINGS_PREFIX } from '../keys.js';
import type { RevisionChanges, StoredChange } from './read-history.js';

/** The keys that can be set back: what people write by hand. */
const UNDOABLE_PREFIXES: readonly string[] = [STRINGS_PREFIX, CLUSTER_SIZE_PREFIX];

const DEPLOY_KEYS = [DEPLOY_PREFIX, DEPLOYS_PREFIX];

/** etcd takes 128 operations and the fleet's comparison. */
const MOST_CHANGES = 120;

/** Sets a revision's keys back to what they were before it. */
export interface UndoPlan {
  readonly revision: bigint;
  /** `before` is what the keys hold now. */
  readonly changes: readonly StoredChange[];
}

/**
 * Plans the way back from one revision.
 * @param revisions the history from that revision on, oldest first
 * @throws WorldError `not-found` if it changed nothing that is recorded; `invalid` for what cannot be undone; `conflict` if a key was
 * written since
 */
export function planUndo(revision: bigint, revisions: readonly RevisionChanges[]): UndoPlan {
  const undone = revisions.find((one) => one.revision === revision);
  if (undone === undefined) {
    const message = `Revision ${revision} changed nothing that hawser history shows.`;
    throw new WorldError('not-found', message);
  }
  const { changes } = undone;
  const other = changes.find(({ key }) => !UNDOABLE_PREFIXES.some((prefix) => key.startsWith(prefix)));
  if (other !== undefined) throw notUndoable(revision, other.key);
  if (changes.length > MOST_CHANGES) {
    const message = `Revision ${revision} changed ${changes.length} keys; at most ${MOST_CHANGES} can be set back at once.`;
    throw new WorldError('too-large', message);
  }
  const keys = new Set(changes.map(({ key }) => key));
  for (const later of revisions) {
    const again = later.revision > revision && later.changes.find(({ key }) => keys.has(key));
    if (again) throw writtenSince(again.key, later.revision);
  }
  return {
    revision,
    changes: changes.map(({ key, before, after }) => ({ key, before: after, after: before })),
  };
}

/** @throws WorldError `conflict` if a key was written since the plan was made. */
export async function carryOutUndo(
  client: Client,
  { revision, changes }: UndoPlan,
  options?: CallOptions,
): Promise<bigint> {
  const compare = changes.map(
    ({ key, before }): Compare =>
      before === undefined ? absent(key) : { key, target: 'modRevision', relation: '=', to: revision },
  );
  const success = changes.map(
    ({ key, after }): TxnOp => (after === undefined ? { delete: key } : { put: key, value: after }),
  );
  const reply = await client.txn({ compare, success }, options);
  if (reply.succeeded) return reply.revision;
  throw writtenSince(changes[0]?.key ?? '', undefined);
}

function notUndoable(revision: bigint, key: string): WorldError {
  if (DEPLOY_KEYS.some((prefix) => key.startsWith(prefix))) {
    const message = `Revision ${revision} is part of a deploy, which is undone on the hosts too: use hawser rollback.`;
    return new WorldError('invalid', message, { key });
  }
  const message = `Revision ${revision} changed ${describeKey(key)}: only strings, string maps and the ideal cluster size can be set back.`;
  return new WorldError('invalid', message, { key });
}

function writtenSince(key: string, revision: bigint | undefined): WorldError {
  const when = revision === undefined ? 'just now' : `by revision ${revision}`;
  const message = `Nothing was changed: ${describeKey(key)} was written again ${when}. Undo that first, or set it by hand.`;
  return new WorldError('conflict', message, { key });
}
