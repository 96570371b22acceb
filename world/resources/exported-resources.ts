import type { CallOptions, ChangeResult, WatchOptions } from '../call-options.js';
import type { KeyValue } from '../client/key-value.js';
import { checkText } from '../client/stored/check-text.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { readText } from '../client/stored/read-text.js';
import { foldWatches } from '../client/watch/fold-watches.js';
import { WorldError } from '../errors.js';
import { checkResourceKind } from '../validate-names.js';
import type { WorldContext } from '../world-context.js';
import type {
  ResDelete,
  ResExport,
  ResExportOptions,
  ResFilter,
  ResOutput,
  ResWorld,
} from './exported-resources-api.js';
import { matchesAny, rangesFor } from './match-filters.js';
import { parseResourceKey, resourceKey, visiblePrefixes } from './resource-keys.js';
import { deleteKeys, writeChangedValues } from './write-changed-values.js';

const MOST_TTL_SECONDS = 9_000_000_000;

/** Exported resources, at `/exported/$to/$from/$kind/$name`. */
export class Resources implements ResWorld {
  readonly #world: WorldContext;

  constructor(world: WorldContext) {
    this.#world = world;
  }

  resWatch(kind = '', options?: WatchOptions): AsyncIterable<void> {
    if (kind !== '') checkResourceKind(kind);
    const standing = new Set<number>();
    const requests = visiblePrefixes(this.#world.hostname).map((key) => ({ key, prefix: true }));
    return foldWatches(this.#world.client, requests, options, {
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
    const ranges = rangesFor(this.#world.hostname, filters);
    const { entries } = await this.#world.client.listTogether(ranges, options);
    return entries.flatMap((entry) => this.#read(entry, filters) ?? []);
  }

  async resExport(exports: readonly ResExport[], options: ResExportOptions = {}): Promise<ChangeResult> {
    const values = new Map<string, string>();
    for (const entry of exports) {
      const key = resourceKey(this.#world.hostname, entry);
      checkText(entry.data, `The data of ${entry.kind} "${entry.name}"`);
      if ((values.get(key) ?? entry.data) !== entry.data) throw twice(entry);
      values.set(key, entry.data);
    }
    const { ttlSeconds } = options;
    const changed =
      ttlSeconds === undefined
        ? await writeChangedValues(this.#world.client, values, undefined, options)
        : await this.#exportFor(ttlSeconds, values, options);
    return { changed };
  }

  async resDelete(deletes: readonly ResDelete[], options: CallOptions = {}): Promise<ChangeResult> {
    const keys = new Set(deletes.map((entry) => resourceKey(this.#world.hostname, entry)));
    return { changed: await deleteKeys(this.#world.client, [...keys], options) };
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
        `${ttlSeconds} is not a valid TTL: it must be a whole number of seconds from 1.`,
      );
    }
    if (values.size === 0) return false;
    const name = [...values.keys()].sort().join('\0');
    for (;;) {
      const lease = await this.#world.client.leaseFor(name, ttlSeconds, options);
      try {
        return await writeChangedValues(this.#world.client, values, lease, options);
      } catch (error) {
        // The lease ran out before all was written.
        if (!(error instanceof WorldError) || error.code !== 'not-found') throw error;
      }
    }
  }

  #read(entry: KeyValue, filters: readonly ResFilter[]): ResOutput | undefined {
    const id = parseResourceKey(entry.key);
    if (id === undefined) {
      logSkipped(this.#world.log, entry.key, 'it is not a resource key');
      return undefined;
    }
    if (!matchesAny(filters, id)) return undefined;
    const data = readText(entry, this.#world.log);
    return data === undefined ? undefined : { kind: id.kind, name: id.name, host: id.from, data };
  }
}

function twice({ kind, name }: ResExport): WorldError {
  return new WorldError('invalid', `${kind} "${name}" is given twice with different data: give it once.`);
}
