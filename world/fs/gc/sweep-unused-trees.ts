import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import type { KeyValue } from '../../client/key-value.js';
import { absent, type Compare, unchangedSince } from '../../client/txn/transaction.js';
import { maxDeployId, payloadKey } from '../../deploys/deploy-keys.js';
import { parseDeployment } from '../../deploys/deploy-payload.js';
import { DEPLOY_PREFIX, FRESH_TREES_PREFIX, TREES_PREFIX } from '../../keys.js';
import { freshTreeKey } from '../deploy-trees/tree-keys.js';

/** Two comparisons for each, and one for all, stay below etcd's 128. */
const MOST_TREES = 60;
const MOST_TRIES = 50;
const TREE = /[0-9a-f]{64}/g;

/**
 * Deletes the superblocks of deployed trees that no deploy of the log names, so that their blocks can be freed; not those
 * that were stored lately, whose deploy may still come. By deletions alone, as etcd takes when it is full. A deploy that
 * is added meanwhile fails it, and one that comes later finds that its tree is gone.
 * @returns how many were deleted.
 */
export async function sweepUnusedTrees(
  client: Pick<Client, 'list' | 'listTogether' | 'txn'>,
  call: CallOptions,
): Promise<number> {
  let swept = 0;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    // In this order: a tree that is stored, or stored again, after this has another revision.
    const trees = await client.list(TREES_PREFIX, { ...call, keysOnly: true });
    const { entries } = await client.listTogether([DEPLOY_PREFIX, FRESH_TREES_PREFIX], call);
    const named = namedTrees(entries);
    const unnamed = trees.entries.filter(({ key }) => isUnnamed(key.slice(TREES_PREFIX.length), named));
    const [group, isAll] = [unnamed.slice(0, MOST_TREES), unnamed.length <= MOST_TREES];
    if (group.length === 0) return swept;
    const txn = { compare: conditions(group, entries), success: group.map(({ key }) => ({ delete: key })) };
    const { succeeded } = await client.txn(txn, { ...call, repeatable: true });
    if (succeeded) swept += group.length;
    if (succeeded && isAll) return swept;
  }
  // Others keep deploying: the next sweep finds what is left.
  return swept;
}

/** Whatever may be the name of a tree counts, in the deploys of other programs and of newer versions too. */
function namedTrees(entries: readonly KeyValue[]): Set<string> {
  const named = new Set<string>();
  for (const { key, value } of entries) {
    if (key.startsWith(FRESH_TREES_PREFIX)) named.add(key.slice(FRESH_TREES_PREFIX.length));
    // Nobody fetches what is removed.
    else if (parseDeployment(value.toString())?.action === 'remove') continue;
    else for (const [tree] of value.toString().matchAll(TREE)) named.add(tree);
  }
  return named;
}

function isUnnamed(tree: string, named: ReadonlySet<string>): boolean {
  return /^[0-9a-f]{64}$/.test(tree) && !named.has(tree);
}

function conditions(group: readonly KeyValue[], log: readonly KeyValue[]): Compare[] {
  const unchanged = group.flatMap((entry) => [
    unchangedSince(entry),
    absent(freshTreeKey(entry.key.slice(TREES_PREFIX.length))),
  ]);
  return [absent(payloadKey(maxDeployId(log) + 1)), ...unchanged];
}
