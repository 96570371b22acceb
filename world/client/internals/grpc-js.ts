import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CallCredentials } from '@grpc/grpc-js/build/src/call-credentials.js';
import { ChannelCredentials } from '@grpc/grpc-js/build/src/channel-credentials.js';

export type {
  CallOptions,
  ChannelOptions,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ServiceError,
} from '@grpc/grpc-js';
// All that hawser knows of grpc-js, also beyond its documented API: look here when grpc-js is upgraded.
//
// These parts load at once. All of grpc-js, with etcd's protocol, takes an eighth of a second of CPU to load, which a
// command that fails before it reaches etcd does not pay.
export { ConnectivityState as connectivityState } from '@grpc/grpc-js/build/src/connectivity-state.js';
export { Status as status } from '@grpc/grpc-js/build/src/constants.js';
export { Metadata } from '@grpc/grpc-js/build/src/metadata.js';
export { ChannelCredentials };

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/** Credentials that secure each connection by a function, which is called with the TCP or unix socket. */
export abstract class SocketCredentials extends ChannelCredentials {
  protected abstract secure(socket: Socket): Promise<TLSSocket>;

  override compose(): ChannelCredentials {
    throw new TypeError('These credentials cannot be composed with call credentials.');
  }

  _isSecure(): boolean {
    return true;
  }

  _createSecureConnector(
    _target: unknown,
    _options: unknown,
    credentials = CallCredentials.createEmpty(),
  ): SecureConnector {
    return {
      connect: async (socket) => ({ socket: await this.secure(socket), secure: true }),
      waitForReady: async () => undefined,
      getCallCredentials: () => credentials,
      destroy: () => undefined,
    };
  }
}
