import { createHash, randomBytes } from 'node:crypto';
import { onAbort } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import { formatEndpoint, parseEndpoint } from '../client/calls/parse-endpoint.js';
import type { Client } from '../client/client.js';
import { retryUntilAvailable } from '../client/retry-until-available.js';
import { foldWatches } from '../client/watch/fold-watches.js';
import type { WatchItem } from '../client/watch/watch-item.js';
import { ENDPOINTS_PREFIX } from '../keys.js';
import { readEndpoints } from './advertised-endpoints.js';

/** A last resort that is not to grow with the years. */
const MOST_EARLIER = 8;

export interface FollowEndpointsOptions {
  /** Ends it, as {@link FollowedEndpoints.close} does. */
  readonly signal?: AbortSignal | undefined;
  /** Returns the endpoint of a local server, preferred while there is one; asked again at each change and refresh. */
  readonly local?: () => string | undefined;
  /** The last resort, when no host that is advertised answers. */
  readonly seeds: readonly string[];
  /**
   * Told what is advertised, hostname to URLs, once it is known and whenever it changes, and besides what was advertised
   * lately: to keep both for the next start.
   */
  readonly onChange?: (
    advertised: ReadonlyMap<string, readonly string[]>,
    earlier: readonly string[],
  ) => void;
  readonly log?: Log | undefined;
}

/** A client that keeps to the endpoints which the fleet advertises. */
export interface FollowedEndpoints extends AsyncDisposable {
  /** Asks for the local endpoint again, now. */
  refresh(): void;
  /** The client stays with what it has; idempotent. */
  close(): Promise<void>;
}

/**
 * Keeps a client at the endpoints that the hosts advertise: its own local one first, then all that are advertised, in
 * an order that differs from process to process so that not all crowd one server, then what was advertised
 * lately (where all servers stop at nearly the same time, the entry of the one that comes back first may have gone before
 * that of another), and at last the seeds. Watches and sessions move along by themselves.
 */
export function followEndpoints(client: Client, options: FollowEndpointsOptions): FollowedEndpoints {
  return new EndpointFollower(client, options);
}

class EndpointFollower implements FollowedEndpoints {
  readonly #client: Client;
  readonly #options: FollowEndpointsOptions;
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;
  readonly #salt = randomBytes(8).toString('hex');
  #advertised = new Map<string, readonly string[]>();
  /** The revision at which they were listed. */
  #read = 0n;
  /** What was advertised or used before, the newest first. */
  #earlier: readonly string[];

  constructor(client: Client, options: FollowEndpointsOptions) {
    this.#client = client;
    this.#options = options;
    this.#earlier = client.endpoints;
    this.refresh();
    this.#ended = this.#run().catch((error: unknown) => {
      const message = `Stopped following the endpoints of etcd: ${String(error)}`;
      options.log?.('warn', message);
    });
  }

  refresh(): void {
    if (this.#over.signal.aborted) return;
    const { local, seeds } = this.#options;
    const advertised = inOrder([...this.#advertised.values()].flat(), this.#salt);
    const endpoints = compose(local?.(), advertised, [...this.#earlier, ...seeds]);
    if (endpoints.join() === this.#client.endpoints.join() || endpoints.length === 0) return;
    this.#options.log?.('debug', `Using etcd at ${endpoints.join(', ')}.`);
    this.#client.setEndpoints(endpoints);
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const unlisten = onAbort([this.#options.signal], () => this.#over.abort());
    const fold = { apply: (item: WatchItem) => this.#take(item), value: () => undefined };
    const watched = [{ key: ENDPOINTS_PREFIX, prefix: true }];
    try {
      for await (const _ of foldWatches(this.#client, watched, { signal: this.#over.signal }, fold)) {
        this.refresh();
        this.#earlier = compose(undefined, [...this.#advertised.values()].flat(), this.#earlier).slice(
          0,
          MOST_EARLIER,
        );
        this.#options.onChange?.(new Map(this.#advertised), this.#earlier);
      }
    } finally {
      unlisten();
      this.#over.abort();
    }
  }

  async #take(item: WatchItem): Promise<boolean> {
    const { signal } = this.#over;
    if (item.kind !== 'events') {
      const { entries, revision } = await retryUntilAvailable(signal, () =>
        this.#client.list(ENDPOINTS_PREFIX, { signal }),
      );
      this.#advertised = readEndpoints(entries, this.#options.log);
      this.#read = revision;
      return true;
    }
    for (const { type, entry } of item.events) {
      if (entry.modRevision <= this.#read) continue;
      this.#advertised.delete(entry.key.slice(ENDPOINTS_PREFIX.length));
      if (type === 'delete') continue;
      for (const [hostname, urls] of readEndpoints([entry], this.#options.log))
        this.#advertised.set(hostname, urls);
    }
    return true;
  }
}

/** The endpoints to use, the preferred first, none twice. */
export function compose(
  local: string | undefined,
  advertised: readonly string[],
  seeds: readonly string[],
): string[] {
  const all = [...(local === undefined ? [] : [local]), ...advertised, ...seeds];
  return [...new Set(all.map((url) => formatEndpoint(parseEndpoint(url))))];
}

/** The same for the same salt, whatever comes or goes between. */
export function inOrder(urls: readonly string[], salt: string): string[] {
  const rank = (url: string): string => createHash('sha256').update(`${salt} ${url}`).digest('hex');
  return [...urls].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
