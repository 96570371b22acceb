import type { Log } from '../../../base/log.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';

/** etcd's own default. What a server really has is not in the status of etcd 3.4 and 3.5. */
export const DEFAULT_QUOTA_BYTES = 2 * 2 ** 30;
const NEAR = 0.8;

/** What makes room before etcd is full. */
const REMEDY =
  'free blocks (hawser fs gc) and then compact and defragment etcd (hawser members defrag), or raise --quota-backend-bytes of every server';

/** Warns before an upload that would bring the database near its quota, where etcd takes no more writes at all. */
export async function warnOfQuota(
  client: Client,
  {
    adding,
    quotaBytes = DEFAULT_QUOTA_BYTES,
    log,
  }: { adding: number; quotaBytes?: number | undefined; log: Log | undefined },
  call: CallOptions,
): Promise<void> {
  if (log === undefined) return;
  const { dbSizeBytes } = await client.cluster.status(undefined, call);
  const share = (dbSizeBytes + adding) / quotaBytes;
  if (share < NEAR) return;
  const after = `${Math.round(share * 100)} % of the quota of ${quotaBytes} bytes`;
  log(
    'warn',
    `etcd's database will reach about ${after}; when it is full, etcd refuses writes. To prevent that, ${REMEDY}.`,
  );
}
