import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TunnelError } from '../../../errors.js';
import { formatDestination } from '../../../parse-destination.js';
import type { ResolvedDestination } from '../../../ssh-config/resolved-destination.js';
import type { DialOptions, Link, Transport } from '../../transport.js';
import { translateLinkError } from '../translate-link-error.js';
import { dialTcp } from './dial-tcp.js';
import { runProxyCommand } from './run-proxy-command.js';
import type { Ssh2Socket } from './ssh2-socket.js';

/** RFC 4254 §5.1: the server forbids it. */
const ADMINISTRATIVELY_PROHIBITED = 1;

/** Silence after which TCP probes the peer; it is given up after ten probes, one a second. */
const KEEP_ALIVE_AFTER_MS = 10_000;

/**
 * Opens the stream to a host's SSH server: TCP, its ProxyCommand, or a channel of the hop before it, which is verified and
 * logged in to on its own.
 *
 * @throws TunnelError of a hop, naming it; `unreachable` when the last hop cannot reach the host
 */
export async function openSsh2Socket(
  destination: ResolvedDestination,
  options: DialOptions,
  transport: Transport,
): Promise<Ssh2Socket> {
  const hop = destination.jumps.at(-1);
  if (hop !== undefined) {
    const link = await transport.dial({ ...hop, jumps: destination.jumps.slice(0, -1) }, options);
    return openThrough(link, hop, destination, options.signal);
  }
  if (destination.proxyCommand !== undefined) {
    return runProxyCommand(destination.proxyCommand, destination, options.log);
  }
  return openTcp(destination, options.signal);
}

async function openTcp(destination: ResolvedDestination, signal: AbortSignal): Promise<Ssh2Socket> {
  const { host, port, addressFamily: family } = destination;
  let stream: Socket;
  try {
    stream = await dialTcp({ host, port, family }, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    throw translateLinkError(error, destination, { phase: 'connecting', tried: [], accepts: [] });
  }
  const destroy = () => void stream.destroy();
  return {
    stream,
    keepAlive: () => void stream.setKeepAlive(true, KEEP_ALIVE_AFTER_MS),
    destroy,
    close: async () => {
      destroy();
      return undefined;
    },
  };
}

async function openThrough(
  link: Link,
  hop: ResolvedDestination,
  { host, port }: ResolvedDestination,
  signal: AbortSignal,
): Promise<Ssh2Socket> {
  let stream: Duplex;
  try {
    stream = await link.openChannel({ host, port }, { signal });
  } catch (error) {
    await link.close();
    throw asTransient(error, hop);
  }
  let lost: TunnelError | undefined;
  void link.closed.then((reason) => {
    if (reason.code !== 'closed') lost = reason;
  });
  const destroy = () => {
    stream.destroy();
    // The channel of a connection that is gone would wait for it.
    void link.close();
  };
  return {
    stream,
    destroy,
    close: async () => {
      destroy();
      await link.close();
      return lost;
    },
  };
}

/** Makes the error one to retry if the hop cannot reach the host right now, unlike one that the hop forbids. */
function asTransient(error: unknown, hop: ResolvedDestination): unknown {
  if (!(error instanceof TunnelError) || error.code !== 'forward-refused') return error;
  const { cause } = error;
  const isForbidden =
    cause instanceof Error && 'reason' in cause && cause.reason === ADMINISTRATIVELY_PROHIBITED;
  return isForbidden
    ? error
    : new TunnelError('unreachable', formatDestination(hop), error.message, { cause });
}
