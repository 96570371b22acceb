import { onAbort, pause } from '../../base/abort.js';
import { cancellableIterator } from '../../base/cancellable-iterator.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { Member } from '../client/member-types.js';
import { foldWatches } from '../client/watch/fold-watches.js';
import { MEMBER_CHANGE_INTERVAL_MS } from '../constants.js';
import { WorldError } from '../errors.js';
import { ENDPOINTS_PREFIX, NOMINATED_PREFIX, VOLUNTEER_PREFIX } from '../keys.js';

/** The members of the etcd cluster. */
export interface MembersWorld {
  /** The members of the etcd cluster, learners and members that never started included. */
  members(options?: CallOptions): Promise<Member[]>;
  /**
   * Yields the members, sorted by id, at once and then whenever they change. etcd has no watch for them: the list is
   * read again, one round trip each time, every half second after a sign of change among the agents and every two
   * seconds otherwise, and not while the caller is busy.
   */
  watchMembers(options?: WatchOptions): AsyncIterable<Member[]>;
}

/** What the agents write while the members of their cluster change. */
const SIGNS = [VOLUNTEER_PREFIX, NOMINATED_PREFIX, ENDPOINTS_PREFIX].map((key) => ({ key, prefix: true }));

/** How long after such a sign the member list is read at the quick pace. */
const LIVELY_MS = 15_000;

/** Otherwise, for changes that no agent announces. */
const QUIET_INTERVAL_MS = 2000;

/**
 * Yields the members at once and then whenever they change. etcd has no watch for them, so the list is read again:
 * every half second after a sign of change among the agents, every two seconds otherwise.
 */
export function watchMembers(
  client: Client,
  options: WatchOptions = {},
): AsyncIterableIterator<Member[], undefined> {
  return cancellableIterator((left) => poll(client, options, left));
}

async function* poll(
  client: Client,
  { signal }: WatchOptions,
  left: AbortSignal,
): AsyncGenerator<Member[], undefined> {
  const over = new AbortController();
  const unlisten = onAbort([signal, left], () => over.abort());
  const signs = new ChangeSigns(client, over);
  let last = '';
  try {
    while (!over.signal.aborted) {
      const members = await read(client, over.signal);
      const now = JSON.stringify(members);
      if (members !== undefined && now !== last) {
        last = now;
        yield members;
      } else {
        await signs.wait();
      }
    }
  } finally {
    over.abort();
    unlisten();
    await signs.ended.catch(() => undefined);
  }
  if (signal?.aborted !== true && !left.aborted) await signs.ended;
  return undefined;
}

/** Undefined while etcd is unreachable, or when the caller has left. */
async function read(client: Client, signal: AbortSignal): Promise<Member[] | undefined> {
  try {
    const members = await client.cluster.members({ signal });
    return members.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  } catch (error) {
    if (signal.aborted || (error instanceof WorldError && error.code === 'unavailable')) return undefined;
    if (error instanceof WorldError && error.code === 'closed') return undefined;
    throw error;
  }
}

/** Waits for the next moment at which reading is worth it. */
class ChangeSigns {
  readonly ended: Promise<void>;
  readonly #over: AbortSignal;
  #livelyUntil = performance.now() + LIVELY_MS;
  #sign = new AbortController();

  /** @param over is aborted when the watch behind ends. */
  constructor(client: Client, over: AbortController) {
    this.#over = over.signal;
    this.ended = this.#watch(client).finally(() => over.abort());
    // The reader gets the failure.
    this.ended.catch(() => undefined);
  }

  async wait(): Promise<void> {
    const lively = performance.now() < this.#livelyUntil;
    const intervalMs = lively ? MEMBER_CHANGE_INTERVAL_MS : QUIET_INTERVAL_MS;
    await pause(intervalMs, this.#over, this.#sign.signal);
  }

  async #watch(client: Client): Promise<void> {
    const fold = { apply: () => true, value: () => undefined };
    for await (const _ of foldWatches(client, SIGNS, { signal: this.#over }, fold)) {
      this.#livelyUntil = performance.now() + LIVELY_MS;
      this.#sign.abort();
      this.#sign = new AbortController();
    }
  }
}
