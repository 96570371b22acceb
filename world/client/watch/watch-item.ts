import type { KeyValue } from '../key-value.js';

export interface WatchEvent {
  readonly type: 'put' | 'delete';
  /** After a `delete` the value is empty and `modRevision` is the deletion's. */
  readonly entry: KeyValue;
}

/**
 * What a watch yields: `ready` once when it is established, then `events` in whole revisions, in order and without
 * duplicates: the changes that one or more consecutive transactions made to the watched keys, never part of one, up to
 * `revision`. `restarted` means that changes may have been missed (through compaction, or a replaced store): the watch
 * now continues from `revision`, so read any copy of the data again.
 */
export type WatchItem =
  | { readonly kind: 'ready'; readonly revision: bigint }
  | { readonly kind: 'events'; readonly revision: bigint; readonly events: readonly WatchEvent[] }
  | { readonly kind: 'restarted'; readonly revision: bigint };
