import { untilAborted } from '../base/abort.js';
import { TunnelError } from './errors.js';
import type { RemoteCommand } from './exec/remote-command.js';
import { formatDestination, withoutPassword } from './parse-destination.js';
import { type Ask, Questions } from './question-queue.js';
import { Tunnel } from './tunnel.js';
import type { TunnelOptions } from './tunnel-options.js';

/** One user's share of a tunnel. */
export interface TunnelShare extends AsyncDisposable {
  readonly tunnel: Tunnel;
  /** Gives the share back; closing the last share closes the tunnel. Idempotent. */
  close(): Promise<void>;
}

interface Entry {
  readonly options: TunnelOptions;
  readonly opening: AbortController;
  readonly tunnel: Promise<Tunnel>;
  /** The tunnel, once it is open. */
  opened?: Tunnel | undefined;
  users: number;
}

/**
 * One connection per host, shared by all its users. Equal options share a connection; `log` is the first user's, and so is
 * `ask` unless the pool has one.
 *
 * ```ts
 * await using pool = new TunnelPool();
 * await using share = await pool.open(options);
 * const { address } = await share.tunnel.forward({ host: '127.0.0.1', port: 2379 });
 * ```
 */
export class TunnelPool implements AsyncDisposable {
  readonly #entries = new Map<string, Entry>();
  readonly #questions: Questions | undefined;
  #isClosed = false;

  /** `ask` asks a person for all of the pool's tunnels, one question at a time. */
  constructor({ ask }: { readonly ask?: Ask | Questions | undefined } = {}) {
    this.#questions = typeof ask === 'function' ? new Questions(ask) : ask;
  }

  /**
   * Resolves with a share of the tunnel, opening it for the first user. An abort gives up this share only, unless nobody else
   * is waiting for the tunnel.
   *
   * @throws TunnelError as {@link Tunnel.open}, for all who are waiting; the next call tries again. `closed` after {@link close}
   */
  async open(
    options: TunnelOptions,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<TunnelShare> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw poolClosed(options);
    const key = keyOf(options);
    const known = this.#entries.get(key);
    // A tunnel that has failed for good is of no use to later users.
    const entry = known && known.opened?.state.status !== 'failed' ? known : this.#openFor(key, options);
    entry.users += 1;
    let closed: Promise<void> | undefined;
    const close = () => {
      closed ??= this.#leave(key, entry);
      return closed;
    };
    try {
      const tunnel = await (signal ? untilAborted(entry.tunnel, signal) : entry.tunnel);
      return { tunnel, close, [Symbol.asyncDispose]: close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /**
   * Runs a command on a host over the shared connection, which stays open at least until the command has ended.
   *
   * @throws TunnelError as {@link open} and {@link Tunnel.exec}
   */
  async exec(
    options: TunnelOptions,
    command: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RemoteCommand> {
    const share = await this.open(options, { signal });
    try {
      const running = await share.tunnel.exec(command, { signal });
      void running.exit.then(share.close, share.close);
      return running;
    } catch (error) {
      await share.close();
      throw error;
    }
  }

  /** Closes all tunnels, even those in use. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const entries = [...this.#entries];
    await Promise.all(entries.map(([key, entry]) => this.#end(key, entry, poolClosed(entry.options))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #openFor(key: string, options: TunnelOptions): Entry {
    const opening = new AbortController();
    const ask = this.#questions ?? options.ask;
    const tunnel = Tunnel.open({ ...options, ask }, { signal: opening.signal });
    const entry: Entry = { options, opening, tunnel, users: 0 };
    this.#entries.set(key, entry);
    tunnel.then(
      (opened) => {
        entry.opened = opened;
      },
      // All who are waiting get the error; the next call tries again.
      () => this.#forget(key, entry),
    );
    return entry;
  }

  async #leave(key: string, entry: Entry): Promise<void> {
    entry.users -= 1;
    if (entry.users === 0)
      await this.#end(key, entry, new DOMException('Nobody is waiting any more.', 'AbortError'));
  }

  async #end(key: string, entry: Entry, reason: Error): Promise<void> {
    this.#forget(key, entry);
    entry.opening.abort(reason);
    const [opened] = await Promise.allSettled([entry.tunnel]);
    if (opened.status === 'fulfilled') await opened.value.close();
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/** Equal for options that lead to the same host, verified and logged in to the same way. */
function keyOf({ log: _log, ask: _ask, ...options }: TunnelOptions): string {
  return JSON.stringify(sorted(options));
}

/** Makes the order of fields not count. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}

function poolClosed({ destinations: [first] }: TunnelOptions): TunnelError {
  const host = typeof first === 'object' ? formatDestination(first) : withoutPassword(first ?? '');
  return new TunnelError('closed', host, `Cannot open a tunnel to ${host}: the pool is closed.`);
}
