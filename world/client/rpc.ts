import {
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientUnaryCall,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  ClusterClient,
  type ICallable,
  type ILeaseKeepAliveRequest,
  type ILeaseKeepAliveResponse,
  type IWatchRequest,
  type IWatchResponse,
  KVClient,
  LeaseClient,
  MaintenanceClient,
} from 'etcd3';
import type { Host } from 'etcd3/lib/connection-pool.js';
import { onAbort } from './backoff.js';

/** The calls of etcd at one endpoint. They reject with a gRPC `ServiceError`, whose `code` and `details` are whole. */
export interface Rpc {
  readonly kv: KVClient;
  readonly lease: LeaseClient;
  readonly cluster: ClusterClient;
  readonly maintenance: MaintenanceClient;
}

export type WatchStream = ClientDuplexStream<IWatchRequest, IWatchResponse>;
export type KeepAliveStream = ClientDuplexStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;

type UnaryMethod<T> = (
  request: unknown,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, reply: T) => void,
) => ClientUnaryCall;

/**
 * The calls at one host, cancelled when one of the signals aborts and given up at `deadline` (ms since the epoch).
 *
 * etcd3's own pool is passed by: it drops the code of every error, closes the connections of all calls when one is
 * cancelled, and chooses endpoints at random.
 */
export function rpcAt(host: Host, signals: readonly (AbortSignal | undefined)[], deadline: number): Rpc {
  const callable: ICallable<Host> = {
    callOptionsFactory: undefined,
    exec: (service, method, request) =>
      unary(host.getServiceClient(service), method, request, { deadline }, signals),
    withConnection: async (service, use) =>
      use({ resource: host, client: host.getServiceClient(service), metadata: new Metadata() }),
    markFailed: () => undefined,
  };
  return {
    kv: new KVClient(callable),
    lease: new LeaseClient(callable),
    cluster: new ClusterClient(callable),
    maintenance: new MaintenanceClient(callable),
  };
}

export function openWatch(host: Host): WatchStream {
  const stub = host.getServiceClient('Watch') as Client & { watch(): WatchStream };
  return stub.watch();
}

export function openKeepAlive(host: Host): KeepAliveStream {
  const stub = host.getServiceClient('Lease') as Client & { leaseKeepAlive(): KeepAliveStream };
  return stub.leaseKeepAlive();
}

function unary<T>(
  client: Client,
  method: string,
  request: unknown,
  options: CallOptions,
  signals: readonly (AbortSignal | undefined)[],
): Promise<T> {
  return new Promise((resolve, reject) => {
    const start = Reflect.get(client, method) as UnaryMethod<T>;
    const call = start.call(client, request, new Metadata(), options, (error, reply) => {
      unlisten();
      if (error) reject(error);
      else resolve(reply);
    });
    const unlisten = onAbort(signals, () => call.cancel());
  });
}
