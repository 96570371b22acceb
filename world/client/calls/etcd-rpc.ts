import { onAbort } from '../../../base/abort.js';
import type {
  ICallable,
  ILeaseKeepAliveRequest,
  ILeaseKeepAliveResponse,
  ISnapshotResponse,
  IWatchRequest,
  IWatchResponse,
} from '../internals/etcd3.js';
import {
  ClusterClient,
  type Host,
  KVClient,
  LeaseClient,
  MaintenanceClient,
  stubOf,
} from '../internals/etcd3.js';
import type {
  CallOptions,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ServiceError,
} from '../internals/grpc-js.js';
import { Metadata } from '../internals/grpc-js.js';

/** etcd's calls at one endpoint. They reject with the original gRPC `ServiceError`, with its `code` and `details`. */
export interface Rpc {
  readonly kv: KVClient;
  readonly lease: LeaseClient;
  readonly cluster: ClusterClient;
  readonly maintenance: MaintenanceClient;
  /** Resolves when the first chunk can be read; from then on the stream has no deadline. */
  snapshot(): Promise<SnapshotStream>;
}

export type WatchStream = ClientDuplexStream<IWatchRequest, IWatchResponse>;
export type SnapshotStream = ClientReadableStream<ISnapshotResponse>;
export type KeepAliveStream = ClientDuplexStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;

type UnaryMethod<T> = (
  request: unknown,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, reply: T) => void,
) => ClientUnaryCall;

export interface RpcOptions {
  /** Any of them cancels the calls. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** When the calls time out, in ms since the epoch. */
  readonly deadline: number;
  /** Whether a server without a leader may answer; default false. */
  readonly leaderless?: boolean | undefined;
  /** The user's token, if etcd has authentication enabled. */
  readonly token?: string | undefined;
}

/** The calls at one host, which bypass etcd3's own pool. */
export function rpcAt(host: Host, { signals, deadline, leaderless = false, token }: RpcOptions): Rpc {
  const metadata = leaderless ? asUser(token) : withLeader(token);
  const callable: ICallable<Host> = {
    callOptionsFactory: undefined,
    exec: (service, method, request) => {
      const options = { metadata: service === 'Maintenance' ? asUser(token) : metadata, deadline, signals };
      return unary(host.getServiceClient(service), method, request, options);
    },
    withConnection: async (service, use) =>
      use({ resource: host, client: host.getServiceClient(service), metadata }),
    markFailed: () => undefined,
  };
  return {
    get kv() {
      return new KVClient(callable);
    },
    get lease() {
      return new LeaseClient(callable);
    },
    get cluster() {
      return new ClusterClient(callable);
    },
    get maintenance() {
      return new MaintenanceClient(callable);
    },
    snapshot: () => openSnapshot(host, asUser(token), signals, deadline),
  };
}

export function openWatch(host: Host, token: string | undefined): WatchStream {
  const stub = stubOf<{ watch(metadata: Metadata): WatchStream }>(host, 'Watch');
  return stub.watch(withLeader(token));
}

export function openKeepAlive(host: Host, token: string | undefined): KeepAliveStream {
  const stub = stubOf<{ leaseKeepAlive(metadata: Metadata): KeepAliveStream }>(host, 'Lease');
  return stub.leaseKeepAlive(withLeader(token));
}

/**
 * Makes a server without a leader (cut off, or without a quorum) fail calls at once and end its streams; otherwise calls
 * would hang there and watches would miss events. Status calls must work there too, so they go without.
 */
function withLeader(token: string | undefined): Metadata {
  const metadata = asUser(token);
  metadata.set('hasleader', 'true');
  return metadata;
}

function asUser(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('token', token);
  return metadata;
}

async function openSnapshot(
  host: Host,
  metadata: Metadata,
  signals: readonly (AbortSignal | undefined)[],
  deadline: number,
): Promise<SnapshotStream> {
  type Stub = { snapshot(request: object, metadata: Metadata): SnapshotStream };
  const stub = stubOf<Stub>(host, 'Maintenance');
  const stream = stub.snapshot({}, metadata);
  const cancel = (): void => stream.cancel();
  const late = setTimeout(cancel, Math.max(0, deadline - Date.now()));
  const unlisten = onAbort(signals, cancel);
  try {
    await new Promise<void>((resolve, reject) => {
      // Never removed: an error event without a listener would crash the process.
      stream.on('error', reject);
      // Also emitted at the end of a failed call, right before its error.
      stream.on('readable', () => {
        if (stream.readableLength > 0) resolve();
      });
    });
    stream.removeAllListeners('readable');
    return stream;
  } finally {
    clearTimeout(late);
    unlisten();
  }
}

interface UnaryOptions {
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly signals: readonly (AbortSignal | undefined)[];
}

function unary<T>(
  client: Client,
  method: string,
  request: unknown,
  { metadata, deadline, signals }: UnaryOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const start = Reflect.get(client, method) as UnaryMethod<T>;
    const call = start.call(client, request, metadata, { deadline }, (error, reply) => {
      unlisten();
      if (error) reject(error);
      else resolve(reply);
    });
    const unlisten = onAbort(signals, () => call.cancel());
  });
}
