import { createRequire } from 'node:module';
import type { ChannelOptions, Client } from '@grpc/grpc-js';
import type { Host } from 'etcd3/lib/connection-pool.js';
import { ChannelCredentials, connectivityState } from './grpc-js.js';

// All that hawser knows of etcd3, also beyond its documented API: look here when etcd3 is upgraded, or replaced.
//
// Of etcd3 only the stubs of `rpc.proto` are used. Its own pool is bypassed: it drops the code of every error, closes
// the connections of all calls when one is cancelled, and picks endpoints at random.

/** The messages of `rpc.proto`. */
export type {
  CompareTarget,
  ICallable,
  ICompare,
  IKeyValue,
  ILeaseKeepAliveRequest,
  ILeaseKeepAliveResponse,
  IMember,
  IPutRequest,
  IRangeRequest,
  IRangeResponse,
  IRequestOp,
  IResponseHeader,
  IResponseOp,
  ISnapshotResponse,
  IStatusResponse,
  ITxnRequest,
  ITxnResponse,
  IWatchCreateRequest,
  IWatchRequest,
  IWatchResponse,
} from 'etcd3';
export { ClusterClient, KVClient, LeaseClient, MaintenanceClient } from 'etcd3/lib/rpc.js';
export type { Host };

const require = createRequire(import.meta.url);

/** Creates the stubs of one endpoint, which connect at their first call. Credentials default to plaintext. */
export function createHost(
  target: string,
  credentials: ChannelCredentials | undefined,
  options: ChannelOptions,
): Host {
  const { Host } = require('etcd3/lib/connection-pool.js') as typeof import('etcd3/lib/connection-pool.js');
  return new Host(target, credentials ?? ChannelCredentials.createInsecure(), options);
}

/** Whether the host has a connection; asking makes none. */
export function isConnected(host: Host): boolean {
  return host.getServiceClient('KV').getChannel().getConnectivityState(false) === connectivityState.READY;
}

/** The stub of a service, for the calls that etcd3 has no usable wrapper for. */
export function stubOf<T>(host: Host, service: 'Auth' | 'Lease' | 'Maintenance' | 'Watch'): Client & T {
  return host.getServiceClient(service) as Client & T;
}
