import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { WorldError } from '../errors.js';
import { IDEAL_CLUSTER_SIZE_KEY } from '../keys.js';

/** How many etcd servers the fleet should have. */
export interface ClusterSizeWorld {
  /** How many etcd servers the fleet should have, 5 by default. @throws WorldError `invalid` when no number is stored */
  idealClusterSizeGet(options?: CallOptions): Promise<number>;
  /**
   * 0 drains the cluster: its servers leave one by one, the last one stops and keeps the data, and nothing of the World
   * can be read until the agent of that host is restarted.
   * @throws WorldError `invalid` unless `size` is a whole number from 0 to 65,535.
   */
  idealClusterSizeSet(size: number, options?: CallOptions): Promise<void>;
  /** Yields once the watch is set up, then once for each change or burst of changes. */
  idealClusterSizeWatch(options?: WatchOptions): AsyncIterable<void>;
}

const LARGEST_SIZE = 65_535;

/** The default number of etcd servers that a fleet should have. */
export const DEFAULT_IDEAL_CLUSTER_SIZE = 5;

/** The number stored, or the default when there is none. @throws WorldError `invalid` naming the key when something else is stored. */
export async function getIdealClusterSize(client: Client, options?: CallOptions): Promise<number> {
  const entry = await client.get(IDEAL_CLUSTER_SIZE_KEY, options);
  if (entry === undefined) return DEFAULT_IDEAL_CLUSTER_SIZE;
  const text = entry.value.toString().trim();
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= LARGEST_SIZE) return Number(text);
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  throw new WorldError(
    'invalid',
    `The ideal cluster size (${IDEAL_CLUSTER_SIZE_KEY}) is "${shown}", which is not a valid size. Set it again: hawser size ${DEFAULT_IDEAL_CLUSTER_SIZE}`,
    { key: IDEAL_CLUSTER_SIZE_KEY },
  );
}

/** @throws WorldError `invalid` unless `size` is a whole number from 0, which drains the cluster. */
export async function setIdealClusterSize(
  client: Client,
  size: number,
  options?: CallOptions,
): Promise<void> {
  if (!Number.isInteger(size) || size < 0 || size > LARGEST_SIZE) {
    throw new WorldError(
      'invalid',
      `${size} is not a valid cluster size: it must be a whole number from 0 to ${LARGEST_SIZE}.`,
    );
  }
  await client.setIfChanged(IDEAL_CLUSTER_SIZE_KEY, String(size), options);
}

/** Yields once the watch is set up, then once for each change or burst of changes of the number stored. */
export function watchIdealClusterSize(client: Client, options?: WatchOptions): AsyncIterable<void> {
  return client.changes({ key: IDEAL_CLUSTER_SIZE_KEY }, options);
}
