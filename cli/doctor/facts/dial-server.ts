import { ADDRCONFIG, type LookupAddress, promises } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { onAbort, timeLimit, untilAborted } from '../../../base/abort.js';
import { errorCode } from '../../../tunnel/files/system-error-code.js';

/** More than any line with which a server introduces itself. */
const MOST_BYTES = 4_096;

/** Where to dial, before anything of SSH. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly addressFamily?: 4 | 6 | undefined;
}

/** What came of looking up a name, connecting, and waiting for the server's first line. */
export interface DialledServer {
  /** Undefined where another program connects (ProxyCommand): then nothing was tried. */
  readonly address: ServerAddress | undefined;
  readonly addresses: readonly string[];
  /** Of the system, such as `ENOTFOUND`; `timeout`. */
  readonly lookupError?: string | undefined;
  readonly connectError?: string | undefined;
  /** What the server said first. */
  readonly words: string;
  /** How it ended without a line: the server closed, or said nothing in time. */
  readonly ended?: 'closed' | 'silent' | undefined;
}

/** Does what a client of SSH does first, one step after the other, so that each can be told from the next. */
export async function dialServer(
  address: ServerAddress,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<DialledServer> {
  const none = { address, addresses: [], words: '' };
  let addresses: readonly string[];
  try {
    const limit = AbortSignal.any([signal, timeLimit(timeoutMs)]);
    addresses = (await untilAborted(lookUp(address), limit)).map((found) => found.address);
  } catch (error) {
    signal.throwIfAborted();
    return { ...none, lookupError: codeOf(error) ?? 'timeout' };
  }
  let connectError = 'ENOTFOUND';
  for (const host of addresses) {
    const found = await firstWords({ host, port: address.port }, { timeoutMs, signal });
    if ('words' in found) return { address, addresses, ...found };
    connectError = found.connectError;
  }
  return { ...none, addresses, connectError };
}

function codeOf(error: unknown): string | undefined {
  const code = errorCode(error);
  return typeof code === 'string' ? code : undefined;
}

async function lookUp({ host, addressFamily }: ServerAddress): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  return promises.lookup(host, { all: true, family: addressFamily ?? 0, hints: ADDRCONFIG });
}

type FirstWords = Pick<DialledServer, 'words' | 'ended'> | { readonly connectError: string };

function firstWords(
  { host, port }: { readonly host: string; readonly port: number },
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<FirstWords> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, host);
    let words = '';
    let isConnected = false;
    const settle = (found: FirstWords): void => {
      clearTimeout(timer);
      unlisten();
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(
      () => settle(isConnected ? { words, ended: 'silent' } : { connectError: 'ETIMEDOUT' }),
      timeoutMs,
    );
    const unlisten = onAbort([signal], () => {
      clearTimeout(timer);
      socket.destroy();
      reject(signal.reason);
    });
    socket.on('connect', () => {
      isConnected = true;
    });
    socket.on('data', (chunk) => {
      words += chunk.toString('latin1');
      // Other lines may come before its name.
      if (/^SSH-[^\n]*\n/m.test(words) || words.length > MOST_BYTES) settle({ words });
    });
    socket.on('error', (error) => {
      if (isConnected) settle({ words, ended: 'closed' });
      else settle({ connectError: codeOf(error) ?? 'unknown' });
    });
    socket.on('close', () => settle({ words, ended: 'closed' }));
  });
}
