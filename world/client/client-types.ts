import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { FleetIdentity } from '../fleet/identity-codec.js';
import type { CallKind } from './calls/call-types.js';
import type { Dialling } from './calls/endpoint-set.js';
import type { EtcdUser } from './login.js';
import type { TlsOptions } from './tls/tls-options.js';
import type { OpReply } from './txn/transaction.js';

export interface ClientOptions {
  /** Endpoints of one cluster, such as `http://127.0.0.1:2379` or `unix:///run/etcd.sock`; the first is preferred. */
  readonly endpoints: readonly string[];
  /** A prefix for every key, invisible to callers. Default: none. */
  readonly namespace?: string | undefined;
  /** For `https://` endpoints. */
  readonly tls?: TlsOptions | undefined;
  /** For an etcd with authentication enabled. Default: none, or the user that etcd derives from the client certificate. */
  readonly user?: EtcdUser | undefined;
  /**
   * The fleet to keep to: endpoints of another are refused with `other-fleet`, and no write changes anything there.
   * Default: the first one that answers. `any` accepts every answer, for looking at single servers.
   */
  readonly fleet?: FleetIdentity | 'any' | undefined;
  /**
   * For endpoints that are only the local end of a forward. By default errors name endpoints by their URL.
   * @internal
   */
  readonly dialling?: Omit<Dialling, 'certificates' | 'login'> | undefined;
  readonly log?: Log | undefined;
}

export interface WriteOptions extends CallOptions {
  /**
   * Applying the write more than once makes no visible difference, so if an answer is lost the client writes again
   * instead of failing with `outcome-unknown`. Default false.
   */
  readonly repeatable?: boolean | undefined;
  /** Uses a separate connection, so that large values delay no other calls. Default false. */
  readonly bulk?: boolean | undefined;
}

export interface ReadOptions extends CallOptions {
  /** Reads the key as of this revision; rejects with `compacted` if that no longer exists. Default: the newest. */
  readonly revision?: bigint | undefined;
  /** See {@link WriteOptions.bulk}. */
  readonly bulk?: boolean | undefined;
}

export interface TxnReply {
  readonly succeeded: boolean;
  readonly revision: bigint;
  /** One reply for each operation of the branch that ran. */
  readonly replies: readonly OpReply[];
  /** The answer to an earlier attempt was lost, so `succeeded: false` may be an effect of that attempt. */
  readonly repeated: boolean;
}

export function kindOf(options: WriteOptions | undefined): CallKind {
  return options?.repeatable === true ? 'repeatable' : 'once';
}
