import type { Client } from '../client/client.js';
import { SCHEDULER_PATH } from '../keys.js';
import { Schedules } from './schedules.js';

/**
 * Waits until no decision names a host that is not a candidate any more, so that whoever leaves knows that it is not
 * the last who could have seen to it. Resolves at `signal` too.
 * @throws WorldError `unavailable`
 */
export async function waitForDecisions(client: Client, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of client.changes({ key: SCHEDULER_PATH, prefix: true }, { signal })) {
      const board = new Schedules(undefined);
      board.reset((await client.list(SCHEDULER_PATH, { signal })).entries);
      if (board.schedules.every(({ decided, candidates }) => decided.every((host) => candidates.has(host))))
        return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
