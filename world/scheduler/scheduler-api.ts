import type { CallOptions, ChangeResult, WatchOptions } from '../call-options.js';
import type { SchedulerOptions } from './schedule-options.js';
import type { Strategy } from './strategy.js';

/** Which hosts a schedule has chosen. */
export interface ScheduledResult {
  /** Sorted; empty when nobody is chosen. */
  readonly hosts: readonly string[];
}

/** The current state of one schedule. */
export interface ScheduleOverview extends ScheduledResult {
  readonly namespace: string;
  /** The hosts that may be chosen, sorted. */
  readonly candidates: readonly string[];
}

/**
 * Which hosts should do something. A host takes part in the schedule of a namespace by adding itself. Of the hosts that
 * run the scheduler one is elected and decides all schedules. A candidate that died leaves its schedules within its TTL
 * plus a second; a decision changes only where it no longer holds.
 *
 * Names and options that are not valid are a WorldError `invalid`: an empty namespace or one with a slash, a hostname
 * with a comma, a strategy that this World does not know.
 */
export interface SchedulerWorld {
  /**
   * Takes part: adds this host, runs the scheduler, and yields each decision from the first one on. Leaving the
   * iteration or aborting withdraws at once, except for a persistent candidate.
   */
  scheduler(namespace: string, options?: SchedulerOptions & WatchOptions): AsyncIterable<ScheduledResult>;
  /** Yields the current decision (possibly nobody) and then each new one, without taking part. */
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
  /** Campaigns, and decides while elected, until `signal` aborts or the World closes; never rejects. */
  schedulerRun(options?: WatchOptions): Promise<void>;
  /**
   * Registers a strategy with this World. Every host that may be elected needs it: one without it keeps what still
   * holds of the last decision. @throws WorldError `conflict` when the name is taken.
   */
  registerStrategy(name: string, strategy: Strategy): void;
}
