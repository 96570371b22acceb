import type { CallOptions, WatchOptions } from './call-options.js';
import type { Client } from './client/client.js';
import { observe } from './client/concurrency/election.js';
import type { AcquireOptions, Leadership, Lock } from './client/concurrency/owned-key.js';
import { WorldError } from './errors.js';
import { ELECTIONS_PREFIX, LOCKS_PREFIX } from './keys.js';
import { isPlain } from './validate-names.js';

/**
 * Locks and elections of the whole fleet, in the key layout of etcd's Go `concurrency` package. Names hold no slash;
 * one that is not valid is a WorldError `invalid`.
 */
export interface LockWorld {
  /**
   * Locks `name` for one holder at a time, in the order of asking. Stop when {@link Lock.lost} aborts, add
   * {@link Lock.fence} to the transactions that the lock guards, and close it to pass it on.
   * @throws WorldError `conflict` after `timeoutMs`; `unavailable`; after an abort `signal.reason`.
   */
  lock(name: string, options?: AcquireOptions): Promise<Lock>;
  /**
   * Campaigns in the election `name` and resolves when it is won. Lead until {@link Leadership.lost} aborts, add
   * {@link Leadership.fence} to the transactions that only the leader may run, and close it to resign.
   * @throws as {@link lock}
   */
  campaign(name: string, options?: CampaignOptions): Promise<Leadership>;
  /** The value of the current leader of an election; undefined if there is none. */
  leader(name: string, options?: CallOptions): Promise<string | undefined>;
  /** Yields the value of the current leader (undefined if there is none), then each new one. */
  leaderFollow(name: string, options?: WatchOptions): AsyncIterable<string | undefined>;
}

export interface CampaignOptions extends AcquireOptions {
  /** What others see of the leader. Default: the World's hostname. */
  readonly value?: string | undefined;
}

/** @throws WorldError `invalid` */
export function lockKey(name: string): string {
  return `${LOCKS_PREFIX}${checked(name)}`;
}

/** @throws WorldError `invalid` */
export function electionKey(name: string): string {
  return `${ELECTIONS_PREFIX}${checked(name)}`;
}

/** As {@link LockWorld.leaderFollow}. */
export function followLeader(
  client: Client,
  name: string,
  options?: WatchOptions,
): AsyncIterableIterator<string | undefined, undefined> {
  const leaders = observe(client, electionKey(name), options);
  return {
    next: async () => {
      const { done, value } = await leaders.next();
      return done === true ? { done, value: undefined } : { done: false, value: value?.value.toString() };
    },
    return: async () => {
      await leaders.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** A slash would make the name a part of another one's queue. */
function checked(name: string): string {
  if (name !== '' && !name.includes('/') && isPlain(name)) return name;
  throw new WorldError(
    'invalid',
    `"${name}" is not a valid name for a lock or an election: it must be non-empty and must not contain a slash.`,
  );
}
