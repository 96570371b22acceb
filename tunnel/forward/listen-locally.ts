import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { formatHostPort } from '../../base/format-host-port.js';
import { TunnelError } from '../errors.js';
import { makePrivateFolder, removePrivateFolder } from '../files/make-private-folder.js';
import { errorCode } from '../files/system-error-code.js';

/** The local end of a forward. */
export interface LocalListener {
  /** `unix:///…` or `127.0.0.1:1234`. */
  readonly address: string;
  /** Passes each connection to the handler, paused. Call it immediately, before any connection can come. */
  accept(handler: (socket: Socket) => void): void;
  /** Stops listening and removes the socket; open connections stay with their owner. */
  close(): Promise<void>;
}

/** A loopback TCP address, or a unix socket in a directory that only its owner can enter. */
export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

export interface ListenOptions {
  /** Default: a unix socket in a private directory of its own. Port 0 lets the system choose. */
  readonly listen?: ListenAddress | undefined;
  /** For errors: `user@host:port`. */
  readonly host: string;
}

/** @throws TunnelError `forward-refused` when the address cannot be used or is not a loopback address */
export async function listenLocally({ listen, host }: ListenOptions): Promise<LocalListener> {
  // Without noDelay, answers over TCP would wait until the client acknowledged earlier ones.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  if (listen === undefined) return listenPrivately(server, host);
  return 'socketPath' in listen
    ? listenAt(server, listen.socketPath, host)
    : listenOnLoopback(server, listen, host);
}

/** Closing removes the socket. */
async function listenAt(server: Server, path: string, host: string): Promise<LocalListener> {
  await listening(server, { path }, host, path);
  chmodSync(path, 0o600);
  return { address: `unix://${path}`, accept: accepting(server), close: () => closed(server) };
}

async function listenPrivately(server: Server, host: string): Promise<LocalListener> {
  const folder = makePrivateFolder(host);
  try {
    const path = join(folder, 's');
    await listening(server, { path }, host, path);
    chmodSync(path, 0o600);
    const close = async () => {
      await closed(server);
      removePrivateFolder(folder);
    };
    return { address: `unix://${path}`, accept: accepting(server), close };
  } catch (error) {
    await closed(server);
    removePrivateFolder(folder);
    throw error;
  }
}

async function listenOnLoopback(
  server: Server,
  listen: { readonly host: string; readonly port: number },
  host: string,
): Promise<LocalListener> {
  const wanted = formatHostPort(listen.host, listen.port);
  if (!isLoopback(listen.host)) {
    throw cannotListen(host, wanted, 'the whole network could connect to it; use 127.0.0.1');
  }
  await listening(server, listen, host, wanted);
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : listen.port;
  return {
    address: formatHostPort(listen.host, port),
    accept: accepting(server),
    close: () => closed(server),
  };
}

function accepting(server: Server): LocalListener['accept'] {
  return (handler) => void server.on('connection', handler);
}

async function listening(
  server: Server,
  where: { readonly path: string } | { readonly host: string; readonly port: number },
  host: string,
  shown: string,
): Promise<void> {
  try {
    server.listen(where);
    await once(server, 'listening');
  } catch (error) {
    const code = errorCode(error);
    const problem = code === 'EADDRINUSE' ? 'something else is listening there' : `it was refused (${code})`;
    throw cannotListen(host, shown, problem, error);
  }
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise((resolve) => server.close(resolve));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function cannotListen(host: string, address: string, problem: string, cause?: unknown): TunnelError {
  return new TunnelError(
    'forward-refused',
    host,
    `Could not listen on ${address} for a forward to ${host}: ${problem}.`,
    { cause },
  );
}
