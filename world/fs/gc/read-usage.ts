import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { TREES_PREFIX } from '../../keys.js';
import type { FsPrefixes } from '../storage/file-system-prefixes.js';
import { DEFAULT_QUOTA_BYTES } from './warn-of-quota.js';

/** How full etcd is, and what of it are file systems. */
export interface FsUsage {
  /** What etcd's database takes on the disk of the member that was asked. */
  readonly dbSizeBytes: number;
  /** Where etcd takes no more writes: as given, else etcd's default, for etcd before 3.6 does not tell. */
  readonly quotaBytes: number;
  readonly isQuotaKnown: boolean;
  /** The NOSPACE alarm is raised: etcd takes no writes until there is space and the alarm is disarmed. */
  readonly isFull: boolean;
  /** Blocks under the storage prefix, also those that nothing names any more. */
  readonly blocks: number;
  /** The URIs of all file systems under the metadata prefix, without the trees of deploys. */
  readonly fileSystems: readonly string[];
}

export async function readUsage(
  client: Client,
  { prefixes, quotaBytes }: { readonly prefixes: FsPrefixes; readonly quotaBytes: number | undefined },
  call: CallOptions = {},
): Promise<FsUsage> {
  const [status, counted, superblocks] = await Promise.all([
    client.cluster.status(undefined, call),
    client.txn(
      { success: [{ get: `${prefixes.storagePrefix}/`, prefix: true, countOnly: true }] },
      { ...call, repeatable: true },
    ),
    client.list(`${prefixes.metadataPrefix}/`, { ...call, keysOnly: true }),
  ]);
  return {
    dbSizeBytes: status.dbSizeBytes,
    quotaBytes: quotaBytes ?? DEFAULT_QUOTA_BYTES,
    isQuotaKnown: quotaBytes !== undefined,
    isFull: status.errors.some((error) => error.includes('NOSPACE')),
    blocks: counted.replies[0]?.count ?? 0,
    fileSystems: superblocks.entries
      .filter(({ key }) => !key.startsWith(TREES_PREFIX))
      .map(({ key }) => `etcdfs://${key}`),
  };
}
