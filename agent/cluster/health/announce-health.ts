import { statfs } from 'node:fs/promises';
import { pause } from '../../../base/abort.js';
import {
  type Client,
  type DiskRoom,
  HEALTH_PREFIX,
  type HostHealth,
  type Log,
} from '../../../world/internal.js';
import type { Presence } from '../../presence.js';
import { compareClocks } from './compare-clocks.js';
import { hasChangedMuch } from './has-changed-much.js';

/** How often the host looks at itself, which costs nobody else anything. */
const LOOK_MS = 10_000;

export interface AnnouncedHealth {
  readonly hostname: string;
  readonly client: Client;
  readonly presence: Pick<Presence, 'set'>;
  /** Where the agent keeps its data. */
  readonly folder: string;
  readonly isElected: () => boolean;
  /** Called with what each look finds, also when that is not published. */
  readonly onLook: (health: HostHealth) => void;
  readonly log: Log;
}

/**
 * Publishes how the host is, for `hawser status`, until the signal aborts: at once, and again only when that has changed in
 * a way that matters.
 */
export async function announceHealth(announced: AnnouncedHealth, signal: AbortSignal): Promise<void> {
  const { hostname, presence, folder } = announced;
  const clocks = compareClocks(announced, signal);
  let published: HostHealth | undefined;
  while (!signal.aborted) {
    const disk = await roomOf(folder);
    const clockAheadMs = clocks.aheadMs();
    const health = { ...(disk && { disk }), ...(clockAheadMs !== undefined && { clockAheadMs }) };
    announced.onLook(health);
    if (published === undefined || hasChangedMuch(published, health)) {
      presence.set(`${HEALTH_PREFIX}${hostname}`, JSON.stringify(health));
      published = health;
    }
    await pause(LOOK_MS, signal, clocks.changed());
  }
  await clocks.ended;
}

/** What root may fill is left for it, so what others may counts. */
async function roomOf(folder: string): Promise<DiskRoom | undefined> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch {
    // The directory is not there yet, or not any more.
    return undefined;
  }
}
