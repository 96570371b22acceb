import type { CallOptions } from '../world.js';
import type { CallKind } from './calls.js';
import type { OpReply } from './txn.js';

export interface WriteOptions extends CallOptions {
  /**
   * The write may be applied more than once without anybody seeing the difference, so when an answer is lost the
   * client writes again instead of failing with `outcome-unknown`. Default false.
   */
  readonly repeatable?: boolean;
  /** Sends over a connection of its own, so that large values delay nothing else. Default false. */
  readonly bulk?: boolean;
}

export interface ReadOptions extends CallOptions {
  /** Reads the key as it was at this revision; rejects with `compacted` when that is gone. Default: as it is. */
  readonly revision?: bigint;
  /** As for {@link WriteOptions.bulk}. */
  readonly bulk?: boolean;
}

export interface TxnReply {
  readonly succeeded: boolean;
  readonly revision: bigint;
  /** One for each operation of the branch that ran. */
  readonly replies: readonly OpReply[];
  /** An earlier attempt's answer was lost, so `succeeded: false` may be that attempt's doing. */
  readonly repeated: boolean;
}

export function kindOf(options: WriteOptions | undefined): CallKind {
  return options?.repeatable === true ? 'repeatable' : 'once';
}
