import { ADDRCONFIG, type LookupAddress, promises } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { onAbort, untilAborted } from '../../../../base/abort.js';

/** How long an address may stay unanswered before the next one of the host is tried beside it (RFC 8305 §5). */
const NEXT_ADDRESS_AFTER_MS = 250;

/** How long one attempt may stay unanswered before another is made beside it. */
const NEXT_ATTEMPT_AFTER_MS = 500;

/** Finds the addresses of a host, the preferred first. */
export type Lookup = (
  host: string,
  options: { readonly family?: 4 | 6 | undefined },
) => Promise<readonly LookupAddress[]>;

export interface DialTcpOptions {
  readonly signal: AbortSignal;
  /** Default the system's. */
  readonly lookup?: Lookup | undefined;
}

/** Where to connect to. */
export interface TcpAddress {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Of the addresses of a name, only those of this family. */
  readonly family?: 4 | 6 | undefined;
}

/**
 * Connects to the first address of a host that answers. One that refuses, or says nothing for a quarter of a second,
 * does not hold up those after it; none is given up before another has answered.
 *
 * Makes sure of a fresh attempt at each address twice a second while nothing answers: TCP by itself asks again after 1, 3
 * and 7 s, so that a network which is back would be noticed seconds late. Attempts beside the first are replaced,
 * which makes two for each address at most.
 *
 * @throws what looking up the host fails with, or the attempt at its first address when all have failed; aborting
 * leaves nothing
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

/** Takes the families in turns, beginning with that of the first address: often a whole family does not work. */
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
  // Without a family, addresses of those that this machine has none of would be of no use.
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

/** Attempts at one address. */
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
      // Where this one fails the first does too, or still waits.
      this.#second = attempt().on('error', ignore);
    }, NEXT_ATTEMPT_AFTER_MS);
  }

  /** Leaves nothing but the winner, to which whoever takes it over listens. */
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
