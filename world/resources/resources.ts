import type { Log } from '../../base/log.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { checkText, readText, skipped } from '../client/stored/text.js';
import { follow } from '../client/watch/fold.js';
import { WorldError } from '../errors.js';
import { checkResourceKind } from '../names.js';
import { deleteKeys, writeChanged } from './changes.js';
import { matchesAny, rangesFor } from './filters.js';
import { parseResourceKey, resourceKey, visiblePrefixes } from './keys.js';
import type {
  ResDelete,
  ResExport,
  ResExportOptions,
  ResFilter,
  ResOutput,
  ResWorld,
} from './resource-world.js';

const MOST_TTL_SECONDS = 9_000_000_000;

/** Exported resources, at `/exported/$to/$from/$kind/$name`. */
export class Resources implements ResWorld {
  readonly #client: Client;
  readonly #hostname: string;
  readonly #log: Log | undefined;

  /** @param hostname in whose name resources are exported and collected. */
  constructor(client: Client, hostname: string, log: Log | undefined) {
    this.#client = client;
    this.#hostname = hostname;
    this.#log = log;
  }

  resWatch(kind = '', options?: WatchOptions): AsyncIterable<void> {
    if (kind !== '') checkResourceKind(kind);
    const standing = new Set<number>();
    const requests = visiblePrefixes(this.#hostname).map((key) => ({ key, prefix: true }));
    return follow(this.#client, requests, options, {
      apply: (item, index) => {
        if (item.kind !== 'events') {
          standing.add(index);
          return standing.size === requests.length;
        }
        if (standing.size < requests.length) return false;
        return item.events.some(({ entry }) => {
          const id = parseResourceKey(entry.key);
          return id !== undefined && (kind === '' || id.kind === kind);
        });
      },
      value: () => undefined,
    });
  }

  async resCollect(filters: readonly ResFilter[], options?: CallOptions): Promise<ResOutput[]> {
    options?.signal?.throwIfAborted();
    if (filters.length === 0) return [];
    const ranges = rangesFor(this.#hostname, filters);
    const { entries } = await this.#client.listTogether(ranges, options);
    return entries.flatMap((entry) => this.#read(entry, filters) ?? []);
  }

  async resExport(exports: readonly ResExport[], options: ResExportOptions = {}): Promise<boolean> {
    const values = new Map<string, string>();
    for (const entry of exports) {
      const key = resourceKey(this.#hostname, entry);
      checkText(entry.data, `The data of ${entry.kind} "${entry.name}"`);
      if ((values.get(key) ?? entry.data) !== entry.data) throw twice(entry);
      values.set(key, entry.data);
    }
    const { ttlSeconds } = options;
    if (ttlSeconds === undefined) return writeChanged(this.#client, values, undefined, options);
    return this.#exportFor(ttlSeconds, values, options);
  }

  async resDelete(deletes: readonly ResDelete[], options: CallOptions = {}): Promise<boolean> {
    const keys = new Set(deletes.map((entry) => resourceKey(this.#hostname, entry)));
    return deleteKeys(this.#client, [...keys], options);
  }

  /** The lease goes with the set of keys, so that exporting the same set again renews it and wakes nobody. */
  async #exportFor(
    ttlSeconds: number,
    values: ReadonlyMap<string, string>,
    options: CallOptions,
  ): Promise<boolean> {
    if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MOST_TTL_SECONDS) {
      throw new WorldError(
        'invalid',
        `${ttlSeconds} cannot be a TTL: it is a whole number of seconds from 1.`,
      );
    }
    if (values.size === 0) return true;
    const name = [...values.keys()].sort().join('\0');
    for (;;) {
      const lease = await this.#client.leaseFor(name, ttlSeconds, options);
      try {
        return await writeChanged(this.#client, values, lease, options);
      } catch (error) {
        // The lease ran out before all was written.
        if (!(error instanceof WorldError) || error.code !== 'not-found') throw error;
      }
    }
  }

  #read(entry: KeyValue, filters: readonly ResFilter[]): ResOutput | undefined {
    const id = parseResourceKey(entry.key);
    if (id === undefined) {
      skipped(this.#log, entry.key, 'it is not the key of a resource');
      return undefined;
    }
    if (!matchesAny(filters, id)) return undefined;
    const data = readText(entry, this.#log);
    return data === undefined ? undefined : { kind: id.kind, name: id.name, host: id.from, data };
  }
}

function twice({ kind, name }: ResExport): WorldError {
  return new WorldError('invalid', `${kind} "${name}" is given twice with different data: give it once.`);
}
