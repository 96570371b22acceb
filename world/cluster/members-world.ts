import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Member } from '../client/members.js';

export interface MembersWorld {
  /** The members of the etcd cluster, learners and members that never started included. */
  members(options?: CallOptions): Promise<Member[]>;
  /**
   * Yields the members, sorted by id, at once and then whenever they change. etcd has no watch for them: the list is
   * read again, one round trip each time, every half second after a sign of change among the agents and every two
   * seconds otherwise, and not while the caller is busy.
   */
  watchMembers(options?: WatchOptions): AsyncIterable<Member[]>;
  /** How many etcd servers the fleet aims at; 5 when nobody has said. @throws WorldError `invalid` when no number is stored */
  idealClusterSizeGet(options?: CallOptions): Promise<number>;
  /**
   * 0 drains the cluster: its servers leave in order, the last one stops and keeps the data, and nothing of the World
   * can be read until that host's agent is started again.
   * @throws WorldError `invalid` unless `size` is a whole number from 0 to 65,535.
   */
  idealClusterSizeSet(size: number, options?: CallOptions): Promise<void>;
  /** Yields once when the watch stands, then once for each change (or burst of changes). */
  idealClusterSizeWatch(options?: WatchOptions): AsyncIterable<void>;
}
