import path from 'node:path';
import { MAX_SOCKET_PATH_BYTES } from '../control/short-socket-path.js';
import { AgentError } from '../errors.js';

/** Where an agent shows its figures. */
export type MetricsAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'port'; readonly host: '127.0.0.1' | '::1'; readonly port: number };

/**
 * Reads `unix:/absolute/path`, or a port of the loopback interface such as `127.0.0.1:9633`.
 *
 * @throws AgentError `invalid`; also for an address that other machines could reach, since the figures have no password.
 */
export function parseMetricsAddress(text: string): MetricsAddress {
  const socket = /^unix:(?:\/\/)?(\/[^\0\n]*[^\0\n/])$/.exec(text)?.[1];
  if (socket !== undefined) return checkedSocket(socket);
  if (/^unix:/i.test(text)) throw refused(text, 'is no socket: write unix:/absolute/path.');
  const [, host, digits = ''] = /^(?:http:\/\/)?(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined) throw refused(text, 'has no port: write 127.0.0.1:PORT or unix:/absolute/path.');
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw refused(text, 'needs a port from 1 to 65535.');
  if (host === '127.0.0.1' || host === 'localhost') return { kind: 'port', host: '127.0.0.1', port };
  if (host === '[::1]') return { kind: 'port', host: '::1', port };
  throw refused(
    text,
    'is not on the loopback interface, and anyone who reaches it could read the figures: write 127.0.0.1:PORT and forward it with "hawser forward" or ssh -L.',
  );
}

/** As in `--metrics`. */
export function formatMetricsAddress(address: MetricsAddress): string {
  if (address.kind === 'socket') return `unix:${address.path}`;
  return `http://${address.host === '::1' ? '[::1]' : address.host}:${address.port}/metrics`;
}

function checkedSocket(socket: string): MetricsAddress {
  const resolved = path.resolve(socket);
  if (Buffer.byteLength(resolved) <= MAX_SOCKET_PATH_BYTES) return { kind: 'socket', path: resolved };
  throw refused(socket, `is too long for a unix socket: the limit is ${MAX_SOCKET_PATH_BYTES} bytes.`);
}

function refused(text: string, why: string): AgentError {
  return new AgentError('invalid', `The address for metrics "${text}" ${why}`);
}
