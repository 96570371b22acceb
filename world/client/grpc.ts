import { createRequire } from 'node:module';
import type { ChannelOptions } from '@grpc/grpc-js';
import { ChannelCredentials } from '@grpc/grpc-js/build/src/channel-credentials.js';
import type { Host } from 'etcd3/lib/connection-pool.js';

// The parts of gRPC that load at once. All of it, with etcd's protocol, takes an eighth of a second of CPU to load, which
// a command that fails before it reaches etcd does not pay.
export { CallCredentials } from '@grpc/grpc-js/build/src/call-credentials.js';
export { ConnectivityState as connectivityState } from '@grpc/grpc-js/build/src/connectivity-state.js';
export { Status as status } from '@grpc/grpc-js/build/src/constants.js';
export { Metadata } from '@grpc/grpc-js/build/src/metadata.js';
export { ClusterClient, KVClient, LeaseClient, MaintenanceClient } from 'etcd3/lib/rpc.js';
export { ChannelCredentials };

const require = createRequire(import.meta.url);

/** Makes the clients of one endpoint of etcd, which connect at their first call. Credentials default to plaintext. */
export function createHost(
  target: string,
  credentials: ChannelCredentials | undefined,
  options: ChannelOptions,
): Host {
  const { Host } = require('etcd3/lib/connection-pool.js') as typeof import('etcd3/lib/connection-pool.js');
  return new Host(target, credentials ?? ChannelCredentials.createInsecure(), options);
}
