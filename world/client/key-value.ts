import type { IKeyValue } from './internals/etcd3.js';
import type { Namespace } from './key-namespace.js';

/** A key with its value, as stored in etcd. */
export interface KeyValue {
  /** Without the namespace. */
  readonly key: string;
  readonly value: Buffer;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** The number of writes since the key was created. */
  readonly version: bigint;
  /** The lease that the key is bound to, in decimal; `0` if none. */
  readonly lease: string;
}

export function toKeyValue(namespace: Namespace, stored: IKeyValue): KeyValue {
  return {
    key: namespace.strip(stored.key),
    value: stored.value,
    createRevision: BigInt(stored.create_revision),
    modRevision: BigInt(stored.mod_revision),
    version: BigInt(stored.version),
    lease: stored.lease,
  };
}
