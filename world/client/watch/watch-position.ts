import { WorldError } from '../../errors.js';
import { classifyReason } from '../error/classify-failure.js';
import { explainGrpcError } from '../error/explain-grpc-error.js';
import type { IWatchResponse } from '../internals/etcd3.js';
import type { Namespace } from '../key-namespace.js';
import { toKeyValue } from '../key-value.js';
import type { WatchEvent, WatchItem } from './watch-item.js';

type StoredEvent = IWatchResponse['events'][number];

/** The position of a watch, across any number of streams. */
export class WatchPosition {
  readonly #namespace: Namespace;
  readonly #what: string;
  readonly #seen = new Map<string, bigint>();
  #incomplete: readonly StoredEvent[] = [];
  #clusterId: string | undefined;
  #next: bigint | undefined;
  #announced = false;
  #restarted = false;

  constructor(namespace: Namespace, what: string, fromRevision: bigint | undefined) {
    this.#namespace = namespace;
    this.#what = what;
    this.#next = fromRevision;
  }

  /** The first revision that the next stream must deliver; undefined to start from now. */
  get next(): bigint | undefined {
    return this.#next;
  }

  /**
   * Handles one message of the stream.
   * @returns what to yield, if anything, or `reopen` if the stream delivers no more for this watch.
   * @throws WorldError `permission-denied`, `invalid`
   */
  receive(message: IWatchResponse): WatchItem | 'reopen' | undefined {
    if (message.canceled) return this.#cancelled(message);
    if (message.created) return this.#created(message);
    this.#remember(message);
    if (message.events.length > 0) return this.#happened(message);
    this.#advance(BigInt(message.header.revision) + 1n);
    return undefined;
  }

  /** A fragment may end within a revision, whose events are kept until the rest arrives. */
  #happened(message: IWatchResponse): WatchItem | undefined {
    const events = [...this.#incomplete, ...message.events];
    const newest = events.at(-1)?.kv.mod_revision;
    const whole = message.fragment
      ? events.findIndex((event) => event.kv.mod_revision === newest)
      : events.length;
    this.#incomplete = events.slice(whole);
    const last = events[whole - 1];
    if (last === undefined) return undefined;
    // The header has the newest revision of the store, which is far ahead of these events during catch-up.
    const revision = BigInt(last.kv.mod_revision);
    this.#next = revision + 1n;
    return { kind: 'events', revision, events: events.slice(0, whole).map((event) => this.#event(event)) };
  }

  #created(message: IWatchResponse): WatchItem | 'reopen' | undefined {
    if (this.#wentBack(message)) {
      this.#startOver();
      return 'reopen';
    }
    this.#remember(message);
    this.#incomplete = [];
    const revision = BigInt(message.header.revision);
    this.#next ??= revision + 1n;
    if (!this.#announced) {
      this.#announced = true;
      return { kind: 'ready', revision };
    }
    if (!this.#restarted) return undefined;
    this.#restarted = false;
    return { kind: 'restarted', revision };
  }

  #cancelled({ cancel_reason: reason, compact_revision: compacted }: IWatchResponse): 'reopen' {
    const failure = classifyReason(reason);
    // No reason means compaction too: etcd 3.4 does not always report the revision.
    if (compacted !== '0' || reason === '' || failure.code === 'compacted') this.#startOver();
    else if (failure.outcome === 'refused' && failure.code !== 'unavailable') {
      throw new WorldError(failure.code, `Could not ${this.#what}: ${explainGrpcError(reason)}.`, { reason });
    }
    return 'reopen';
  }

  #startOver(): void {
    this.#next = undefined;
    this.#restarted = true;
    this.#seen.clear();
    this.#clusterId = undefined;
  }

  /** A member's own revision never decreases, so a lower one means that its store was replaced. */
  #wentBack({ header }: IWatchResponse): boolean {
    if (this.#clusterId !== undefined && this.#clusterId !== header.cluster_id) return true;
    return BigInt(header.revision) < (this.#seen.get(header.member_id) ?? 0n);
  }

  #remember({ header }: IWatchResponse): void {
    this.#clusterId = header.cluster_id;
    this.#seen.set(header.member_id, BigInt(header.revision));
  }

  #advance(next: bigint): void {
    if (this.#next === undefined || next > this.#next) this.#next = next;
  }

  #event(event: StoredEvent): WatchEvent {
    return {
      type: event.type === 'Delete' ? 'delete' : 'put',
      entry: toKeyValue(this.#namespace, event.kv),
    };
  }
}
