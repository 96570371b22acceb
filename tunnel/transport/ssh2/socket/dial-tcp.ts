import { ADDRCONFIG, type LookupAddress, promises } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { onAbort, untilAborted } from '../../../../base/abort.js';

/** How long an address may stay silent before the host's next one is tried in parallel (RFC 8305 §5). */
const NEXT_ADDRESS_AFTER_MS = 250;

/** How long an attempt may stay silent before another is made in parallel. */
const NEXT_ATTEMPT_AFTER_MS = 500;

/** Looks up the addresses of a host, the preferred first. */
export type Lookup = (
  host: string,
  options: { readonly family?: 4 | 6 | undefined },
) => Promise<readonly LookupAddress[]>;

export interface DialTcpOptions {
  readonly signal: AbortSignal;
  /** Default: the system's. */
  readonly lookup?: Lookup | undefined;
}

/** Where to connect to. */
export interface TcpAddress {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Use only addresses of this IP version. */
  readonly family?: 4 | 6 | undefined;
}

/**
 * Connects to the first address of a host that answers. An address that refuses, or is silent for a quarter of a second,
 * does not delay the next; none is given up before another has answered.
 *
 * While nothing answers, each address gets a new attempt twice a second: TCP itself retries after 1, 3 and 7 s, so a
 * recovered network would be noticed seconds late. Only the first attempt and the newest one are kept.
 *
 * @throws the error of the lookup, or of the first address when all have failed; an abort rejects with `signal.reason`
 * and leaves nothing behind
 */
export async function dialTcp(
  { host, port, family }: TcpAddress,
  { signal, lookup = systemLookup }: DialTcpOptions,
): Promise<Socket> {
  signal.throwIfAborted();
  if (isIP(host) !== 0) return firstToAnswer([host], port, signal);
  const found = await untilAborted(lookup(host, { family }), signal);
  signal.throwIfAborted();
  const addresses = interleave(found);
  if (addresses.length === 0) throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' });
  return firstToAnswer(addresses, port, signal);
}

/** Alternates between the IP versions, starting with that of the first address: often a whole version does not work. */
export function interleave(found: readonly LookupAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const other = found.filter(({ family }) => family !== found[0]?.family);
  const addresses = first.flatMap(({ address }, index) => [address, other[index]?.address]);
  const rest = other.slice(first.length).map(({ address }) => address);
  return [...addresses, ...rest].filter((address) => address !== undefined);
}

function systemLookup(
  host: string,
  { family }: { readonly family?: 4 | 6 | undefined },
): Promise<LookupAddress[]> {
  // Without a family, skip those that this machine has no address of.
  return promises.lookup(host, {
    all: true,
    family: family ?? 0,
    hints: family === undefined ? ADDRCONFIG : 0,
  });
}

function firstToAnswer(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const trials: AddressAttempts[] = [];
    const failures = new Map<string, Error>();
    const settle = (winner?: Socket) => {
      unlisten();
      clearTimeout(timer);
      for (const trial of trials) trial.destroy(winner);
      if (winner) resolve(winner);
    };
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    const next = () => {
      clearTimeout(timer);
      const address = addresses[trials.length];
      if (address === undefined) return;
      const onFailed = (error: Error) => {
        failures.set(address, error);
        if (trials.length < addresses.length) next();
        else if (failures.size === trials.length) fail(failures.get(addresses[0] ?? '') ?? error);
      };
      trials.push(new AddressAttempts({ address, port }, { onConnected: settle, onFailed }));
      timer = setTimeout(next, NEXT_ADDRESS_AFTER_MS);
    };
    let timer: NodeJS.Timeout | undefined;
    const unlisten = onAbort([signal], () => fail(signal.reason));
    next();
  });
}

interface Outcome {
  readonly onConnected: (socket: Socket) => void;
  readonly onFailed: (error: Error) => void;
}

/** The attempts at one address. */
class AddressAttempts {
  readonly #first: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #onFailed: (error: Error) => void;
  #second: Socket | undefined;

  constructor(
    { address, port }: { readonly address: string; readonly port: number },
    { onConnected, onFailed }: Outcome,
  ) {
    const attempt = (): Socket => {
      const socket = connect({ host: address, port, noDelay: true });
      return socket.once('connect', () => onConnected(socket));
    };
    this.#onFailed = (error) => {
      this.destroy();
      onFailed(error);
    };
    this.#first = attempt().once('error', this.#onFailed);
    this.#timer = setInterval(() => {
      this.#second?.destroy();
      // If this one fails, the first fails too or is still waiting.
      this.#second = attempt().on('error', ignore);
    }, NEXT_ATTEMPT_AFTER_MS);
  }

  /** Destroys all sockets but the winner, whose errors its new owner handles. */
  destroy(winner?: Socket): void {
    clearInterval(this.#timer);
    this.#first.off('error', this.#onFailed);
    for (const socket of [this.#first, this.#second]) {
      if (socket === winner) continue;
      socket?.on('error', ignore);
      socket?.destroy();
    }
  }
}

function ignore(): void {}
