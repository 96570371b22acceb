import type { CallOptions, ChangeResult, WatchOptions } from '../call-options.js';
import type { SchedulerOptions } from './options.js';
import type { Strategy } from './strategy.js';

/** Which hosts a schedule has chosen. */
export interface ScheduledResult {
  /** Sorted; empty when nobody is chosen. */
  readonly hosts: readonly string[];
}

/** One schedule as it stands. */
export interface ScheduleOverview extends ScheduledResult {
  readonly namespace: string;
  /** The hosts that may be chosen, sorted. */
  readonly candidates: readonly string[];
}

/**
 * Which hosts are to do something. A host takes part in the schedule of a namespace by adding itself; of the hosts
 * that run the scheduler one is elected, and decides for all schedules. A candidate that died leaves its schedules
 * within its TTL and a second; a decision is changed only as far as it no longer holds.
 *
 * Names and options that cannot be are a WorldError `invalid`: an empty namespace or one with a slash, a hostname
 * with a comma, a strategy that this World does not know.
 */
export interface SchedulerWorld {
  /**
   * Takes part: adds this host, runs the scheduler, and yields each decision from the first one on. Leaving the
   * iteration or aborting withdraws at once, except for a candidate that is to persist.
   */
  scheduler(namespace: string, options?: SchedulerOptions & WatchOptions): AsyncIterable<ScheduledResult>;
  /** Yields the decision as it is (at first maybe nobody) and each one after it, without taking part. */
  scheduled(namespace: string, options?: WatchOptions): AsyncIterable<ScheduledResult>;
  /**
   * Makes this host a candidate until it withdraws or this World closes; with `persist` beyond that. Adding again
   * replaces the options. With `apply: false` it only says whether it would change anything.
   */
  schedulerAdd(
    namespace: string,
    options?: SchedulerOptions & CallOptions & { readonly apply?: boolean | undefined },
  ): Promise<ChangeResult>;
  /** Takes this host out of a schedule. With `apply: false` it only says whether it would change anything. */
  schedulerWithdraw(
    namespace: string,
    options?: CallOptions & { readonly apply?: boolean | undefined },
  ): Promise<ChangeResult>;
  scheduledGet(namespace: string, options?: CallOptions): Promise<ScheduledResult>;
  /** All schedules that have a candidate or a decision, sorted by namespace. */
  schedules(options?: CallOptions): Promise<ScheduleOverview[]>;
  /** Stands in the election and decides while elected, until `signal` aborts or the World closes; never rejects. */
  schedulerRun(options?: WatchOptions): Promise<void>;
  /**
   * Makes a strategy known to this World. Every host that may be elected needs it: one that lacks it keeps what
   * holds of the last decision. @throws WorldError `conflict` when the name is taken.
   */
  registerStrategy(name: string, strategy: Strategy): void;
}
