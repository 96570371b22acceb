import type { Client, ClientChannel } from 'ssh2';
import type { Probe } from '../../liveness/liveness-probe.js';

/** What a channel that is to be refused would take in. */
const WINDOW_BYTES = 2 << 20;
const PACKET_BYTES = 32 << 10;

/** The parts of ssh2's inside by which its own keepalive, and its channels, are made. */
interface Inside {
  readonly protocol: object;
  /** Called in turn with the answers to global requests. */
  readonly answers: unknown[];
  readonly channels: object;
}

/**
 * Questions that an SSH server answers, at no cost to it and without effect.
 *
 * ssh2 has no option for asking them when we want to; where its inside is not as expected, a channel to nowhere is
 * asked for instead.
 */
export function ssh2Probes(client: Client): readonly Probe[] {
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

/** A channel of the type that only servers open: a server has to refuse it (RFC 4254 §7.2). */
function askForForwarded(client: Client, answered: () => void): boolean {
  const inside = insideOf(client);
  if (inside === undefined || !isWritable(client)) return false;
  // While keys are changed ssh2 would have to hold it back, which the stand-in below cannot have it do.
  if (Reflect.get(inside.protocol, '_kexinit') !== undefined) return false;
  const id = call(inside.channels, 'add', answeredBy(answered));
  const from = { boundAddr: '127.0.0.1', boundPort: 0, remoteAddr: '127.0.0.1', remotePort: 0 };
  // ssh2 lets only servers ask for it.
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
      // The connection is gone already, which its close tells.
      return false;
    }
  };
  return { name: 'direct-tcpip', send };
}

/** Refused or opened, either is an answer; with this very error ssh2 ends what was not answered. */
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
