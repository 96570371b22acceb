import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { FleetIdentity } from '../fleet/fleet-identity.js';
import type { CallKind } from './calls/call.js';
import type { Dialling } from './calls/endpoint-set.js';
import type { EtcdUser } from './login.js';
import type { TlsOptions } from './tls/tls-options.js';
import type { OpReply } from './txn/txn.js';

export interface ClientOptions {
  /** Addresses of one cluster, such as `http://127.0.0.1:2379` or `unix:///run/etcd.sock`; the first is preferred. */
  readonly endpoints: readonly string[];
  /** Put before every key; callers never see it. Default none. */
  readonly namespace?: string | undefined;
  /** For `https://` endpoints. */
  readonly tls?: TlsOptions | undefined;
  /** For an etcd with authentication switched on. Default nobody, or whom etcd takes our certificate for. */
  readonly user?: EtcdUser | undefined;
  /**
   * The fleet that it must be: endpoints of another are refused with `other-fleet`, and no write changes anything there.
   * Default: the one that is met first. `any`: whatever answers is taken, for looking at single servers.
   */
  readonly fleet?: FleetIdentity | 'any' | undefined;
  /** For endpoints that are only a local end of something else; how errors name them is by their URL by default. */
  readonly dialling?: Omit<Dialling, 'certificates' | 'login'> | undefined;
  readonly log?: Log | undefined;
}

export interface WriteOptions extends CallOptions {
  /**
   * The write may be applied more than once without anybody seeing the difference, so when an answer is lost the
   * client writes again instead of failing with `outcome-unknown`. Default false.
   */
  readonly repeatable?: boolean | undefined;
  /** Sends over a connection of its own, so that large values delay nothing else. Default false. */
  readonly bulk?: boolean | undefined;
}

export interface ReadOptions extends CallOptions {
  /** Reads the key as it was at this revision; rejects with `compacted` when that is gone. Default: as it is. */
  readonly revision?: bigint | undefined;
  /** As for {@link WriteOptions.bulk}. */
  readonly bulk?: boolean | undefined;
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
