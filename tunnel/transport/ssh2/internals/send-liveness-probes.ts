import type { Client, ClientChannel } from 'ssh2';
import type { Probe } from '../../liveness/liveness-probe.js';

/** The window of a channel that will be refused. */
const WINDOW_BYTES = 2 << 20;
const PACKET_BYTES = 32 << 10;

/** The internals of ssh2 that its own keepalive and its channels use. */
interface Inside {
  readonly protocol: object;
  /** Callbacks for the answers to global requests, in order. */
  readonly answers: unknown[];
  readonly channels: object;
}

/**
 * Requests that an SSH server answers, without effect or cost.
 *
 * ssh2 has no API for sending them on demand; if its internals are not as expected, a channel to nowhere is requested
 * instead.
 */
export function ssh2LivenessProbes(client: Client): readonly Probe[] {
  const inside = insideOf(client);
  if (inside === undefined) return [channelToNowhere(client)];
  return [
    { name: 'keepalive@openssh.com', send: (answered) => askKeepalive(client, answered) },
    { name: 'forwarded-tcpip', send: (answered) => askForForwarded(client, answered) },
  ];
}

/** The request that OpenSSH's ServerAliveInterval sends. */
function askKeepalive(client: Client, answered: () => void): boolean {
  const inside = insideOf(client);
  if (inside === undefined || !isWritable(client)) return false;
  inside.answers.push((error: unknown) => {
    if (!(error instanceof Error)) answered();
  });
  call(inside.protocol, 'ping');
  return true;
}

/** Requests a channel of a type that only servers open: a server must refuse it (RFC 4254 §7.2). */
function askForForwarded(client: Client, answered: () => void): boolean {
  const inside = insideOf(client);
  if (inside === undefined || !isWritable(client)) return false;
  // During a key exchange ssh2 would have to queue it, which `asServer` below cannot do.
  if (Reflect.get(inside.protocol, '_kexinit') !== undefined) return false;
  const id = call(inside.channels, 'add', answeredBy(answered));
  const from = { boundAddr: '127.0.0.1', boundPort: 0, remoteAddr: '127.0.0.1', remotePort: 0 };
  // ssh2 allows it for servers only.
  const asServer = Object.create(inside.protocol, { _server: { value: true } });
  call(asServer, 'forwardedTcpip', id, WINDOW_BYTES, PACKET_BYTES, from);
  return true;
}

function channelToNowhere(client: Client): Probe {
  const send = (answered: () => void) => {
    try {
      client.forwardOut('127.0.0.1', 0, '127.0.0.1', 0, answeredBy(answered));
      return true;
    } catch {
      // The connection is already gone, as its close event says.
      return false;
    }
  };
  return { name: 'direct-tcpip', send };
}

/** Refused or opened, either is an answer; ssh2 gives this error for requests that were never answered. */
function answeredBy(answered: () => void): (error?: Error, channel?: ClientChannel) => void {
  return (error, channel) => {
    if (error?.message !== 'No response from server') answered();
    channel?.on('error', () => {}).resume();
    channel?.close();
  };
}

function insideOf(client: Client): Inside | undefined {
  const protocol: unknown = Reflect.get(client, '_protocol');
  const answers: unknown = Reflect.get(client, '_callbacks');
  const channels: unknown = Reflect.get(client, '_chanMgr');
  if (!isObject(protocol) || !Array.isArray(answers) || !isObject(channels)) return undefined;
  const has = (object: object, method: string) => typeof Reflect.get(object, method) === 'function';
  const isAsExpected = has(protocol, 'ping') && has(protocol, 'forwardedTcpip') && has(channels, 'add');
  return isAsExpected ? { protocol, answers, channels } : undefined;
}

function call(object: object, method: string, ...given: unknown[]): unknown {
  const called: unknown = Reflect.get(object, method);
  if (typeof called !== 'function') throw new TypeError(`ssh2 has no ${method}`);
  return Reflect.apply(called, object, given);
}

function isWritable(client: Client): boolean {
  const socket: unknown = Reflect.get(client, '_sock');
  return isObject(socket) && Reflect.get(socket, 'writable') === true;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
