import { pause } from '../../base/abort.js';
import { formatHostPort } from '../../base/format-host-port.js';
import { TunnelError } from '../errors.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import type { DialOptions, Link, Transport } from '../transport/transport.js';
import { type LoginLimiter, processLoginLimiter } from './login-limiter.js';
import { backoffMs } from './retry-delay.js';

/** After this many, it is probably not a busy SSH server but none at all. */
const MAX_DROPS = 5;

/**
 * Dials within the login limits, and again when the server hung up because it was full. Waiting for the limits does not
 * count against the time limit.
 * @throws TunnelError like {@link Transport.dial}
 */
export async function dialWithinLoginLimits(
  transport: Transport,
  destination: ResolvedDestination,
  options: DialOptions,
  limiter: LoginLimiter = processLoginLimiter,
): Promise<Link> {
  const server = serverOf(destination);
  for (let drops = 1; ; drops += 1) {
    const leave = await enterTurn(limiter, server, options);
    try {
      const link = await transport.dial(destination, options);
      limiter.succeeded(server);
      return link;
    } catch (error) {
      if (!(error instanceof TunnelError) || !error.wasDropped) throw error;
      limiter.dropped(server);
      if (drops === MAX_DROPS) throw error;
      options.log?.('debug', error.message);
    } finally {
      leave();
    }
    await pause(backoffMs(drops, Math.random()), options.signal);
    options.signal.throwIfAborted();
  }
}

async function enterTurn(
  limiter: LoginLimiter,
  server: string,
  { timeLimit, signal }: DialOptions,
): Promise<() => void> {
  const resume = timeLimit?.pause();
  try {
    return await limiter.acquire(server, { signal });
  } finally {
    resume?.();
  }
}

/** Where the first TCP connection goes: perhaps a bastion with many hosts behind it. */
function serverOf(destination: ResolvedDestination): string {
  const { host, port } = destination.jumps[0] ?? destination;
  return formatHostPort(host, port);
}
