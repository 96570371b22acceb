import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { HEALTH_PREFIX } from '../keys.js';

/** How far a clock may be off, in milliseconds: beyond that certificates and logs suffer. */
export const CLOCK_LIMIT_MS = 10_000;

/** Below this much room etcd cannot go on for long, whatever the size of the disk. */
const FULL_BYTES = 100_000_000;
/** From here on it is time to make room: this part of the disk, but never more than this much. */
const LOW_PART = 0.05;
const MOST_LOW_BYTES = 2_000_000_000;
const LEAST_LOW_BYTES = 300_000_000;

/** The room on a disk. */
export interface DiskRoom {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Whether a disk is too full for etcd, or will be soon; undefined if there is enough room. */
export function diskTrouble({ totalBytes, freeBytes }: DiskRoom): 'full' | 'low' | undefined {
  if (freeBytes < FULL_BYTES) return 'full';
  const low = Math.min(MOST_LOW_BYTES, Math.max(LEAST_LOW_BYTES, totalBytes * LOW_PART));
  return freeBytes < low ? 'low' : undefined;
}

/** What a host publishes of itself for people: only when it changes in a way that matters, so it may be a little old. */
export interface HostHealth {
  /** Where the agent keeps its data; absent where the system does not say. */
  readonly disk?: DiskRoom | undefined;
  /** How far its clock is ahead of the elected host's, in milliseconds; absent while that is less than a few seconds, or not known. */
  readonly clockAheadMs?: number | undefined;
}

export const healthSchema: z.ZodType<HostHealth> = z.object({
  disk: z
    .object({ totalBytes: z.number().nonnegative(), freeBytes: z.number().nonnegative() })
    .exactOptional(),
  clockAheadMs: z.number().exactOptional(),
});

/** What the agents that are alive say of their hosts; nothing of hosts whose agents are older than this. */
export async function getHealth(
  client: Client,
  { log, ...options }: CallOptions & { readonly log?: Log | undefined } = {},
): Promise<Map<string, HostHealth>> {
  const { entries } = await client.list(HEALTH_PREFIX, options);
  return readHosts(healthSchema, HEALTH_PREFIX, entries, log);
}
