import { readFile } from 'node:fs/promises';
import { type Destination, formatDestination } from './destination.js';
import { mostSerious, TunnelError } from './errors.js';
import { type HostKeyTrust, judgeHostKey, orderHostKeyAlgorithms, parseHostKeyPin } from './host-key.js';
import { type IdentitySources, readIdentities } from './identities.js';
import { type KnownHostsLine, lookUpHost, parseKnownHosts } from './known-hosts.js';
import type { Log } from './log.js';
import type { Link, Transport } from './transport.js';

/** How to get into a fleet; the same for the first connection and for each later one. */
export interface WaysIn extends IdentitySources {
  readonly destinations: readonly Destination[];
  readonly hostKey?: string;
  readonly knownHostsFiles: readonly string[];
  readonly connectTimeoutMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
  readonly log?: Log | undefined;
}

/** A link and the way that it was made by. */
export interface EnteredLink {
  readonly link: Link;
  readonly via: Destination;
}

/**
 * Tries every way in at once. The first that is connected and authenticated wins, the others are dropped.
 * @throws TunnelError the most serious of what went wrong, when none works; `ways` holds all.
 */
export async function enter(
  waysIn: WaysIn,
  transport: Transport,
  { signal }: { readonly signal: AbortSignal },
): Promise<EnteredLink> {
  signal.throwIfAborted();
  const race = new AbortController();
  const abort = () => race.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const failures: TunnelError[] = [];
  const attempts = waysIn.destinations.map(async (via) => {
    try {
      return { via, link: await enterBy(via, waysIn, transport, race.signal) };
    } catch (error) {
      if (error instanceof TunnelError) failures.push(error);
      throw error;
    }
  });
  let winner: EnteredLink | undefined;
  try {
    winner = await Promise.any(attempts);
    for (const { message } of failures) waysIn.log?.('warn', message);
    return winner;
  } catch (error) {
    signal.throwIfAborted();
    throw failures.length === attempts.length ? mostSerious(failures) : firstOf(error);
  } finally {
    signal.removeEventListener('abort', abort);
    race.abort(new DOMException('Another way in was faster.', 'AbortError'));
    await dropLosers(attempts, winner);
  }
}

async function enterBy(
  via: Destination,
  waysIn: WaysIn,
  transport: Transport,
  raceSignal: AbortSignal,
): Promise<Link> {
  const { connectTimeoutMs, keepaliveIntervalMs, keepaliveCountMax, log } = waysIn;
  const host = formatDestination(via);
  const attempt = new AbortController();
  const abort = () => attempt.abort(raceSignal.reason);
  raceSignal.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => attempt.abort(timedOut(host, connectTimeoutMs)), connectTimeoutMs);
  const { signal } = attempt;
  try {
    const identities = await readIdentities(waysIn, { host, signal, log });
    const trust = await readTrust(via, waysIn, signal);
    signal.throwIfAborted();
    return await transport.dial(via, {
      identities,
      hostKeyAlgorithms: orderHostKeyAlgorithms(trust),
      judge: (key) => judgeHostKey(key, trust),
      keepaliveIntervalMs,
      keepaliveCountMax,
      signal,
      log,
    });
  } finally {
    clearTimeout(timer);
    raceSignal.removeEventListener('abort', abort);
  }
}

async function readTrust(via: Destination, waysIn: WaysIn, signal: AbortSignal): Promise<HostKeyTrust> {
  const lines: KnownHostsLine[] = [];
  for (const file of waysIn.knownHostsFiles) lines.push(...(await readKnownHosts(file, via, signal)));
  const pin = via.hostKey ?? waysIn.hostKey;
  return {
    destination: via,
    known: lookUpHost(lines, via.host, via.port),
    ...(pin !== undefined && { pin: parseHostKeyPin(pin, via) }),
  };
}

async function readKnownHosts(
  file: string,
  via: Destination,
  signal: AbortSignal,
): Promise<KnownHostsLine[]> {
  try {
    return parseKnownHosts(await readFile(file, { encoding: 'utf8', signal }), file);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    // Passing over a file that is there could pass over the line that revokes a key.
    const host = formatDestination(via);
    const message = `Could not verify ${host}: ${file} cannot be read. Make it readable or leave it out.`;
    throw new TunnelError('host-key-unknown', host, message, { file, cause: error });
  }
}

/** Ways that came through after the first are closed, the others have ended by their signal. */
async function dropLosers(
  attempts: readonly Promise<EnteredLink>[],
  winner: EnteredLink | undefined,
): Promise<void> {
  for (const attempt of await Promise.allSettled(attempts)) {
    if (attempt.status === 'fulfilled' && attempt.value !== winner) await attempt.value.link.close();
  }
}

function timedOut(host: string, connectTimeoutMs: number): TunnelError {
  return new TunnelError(
    'unreachable',
    host,
    `Could not connect to ${host}: it did not let us in within ${connectTimeoutMs} ms. Check the address and that its SSH server runs.`,
  );
}

function firstOf(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors.find((one) => !(one instanceof TunnelError)) : error;
}
