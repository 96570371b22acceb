import type { TunnelOptions } from '../../../tunnel/index.js';

/** The load's keys, without the namespace. */
export const NAMESPACE = '/lossless';
export const PUTS = '/puts/';
export const EVENTS = '/events/';
/** When it appears, the writer of events ends. */
export const STOP = '/stop';

/** How the controller reaches its fleet. */
export interface Reach {
  readonly tunnel: TunnelOptions;
  readonly seeds: readonly string[];
}

/** What the test tells the controller's process. */
export type Order =
  | { readonly kind: 'start'; readonly reach: Reach }
  /** Say when puts and events have come through again, counted from now. */
  | { readonly kind: 'mark' }
  /** End the load, once the watch has got to a revision, and everything else. */
  | { readonly kind: 'finish'; readonly throughRevision: string | undefined };

/** What the controller's process tells the test. */
export type Word =
  | { readonly kind: 'running' }
  | { readonly kind: 'back'; readonly recovery: Recovery }
  | { readonly kind: 'state'; readonly state: ReportedState }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'report'; readonly report: Report };

export interface ReportedState {
  readonly status: string;
  readonly code: string | undefined;
  /** The port of the way in that is used. */
  readonly port: number | undefined;
}

/** Milliseconds from a mark to the end of the longest silence of each that followed. */
export interface Recovery {
  readonly putMs: number;
  readonly eventMs: number;
}

/** What became of the load. */
export interface Report {
  /** Keys of puts that were acknowledged, that certainly were not applied, and that may have been. */
  readonly acknowledged: readonly string[];
  readonly refused: readonly string[];
  readonly unknown: readonly string[];
  /** The revision at which the watch stood first. */
  readonly watchedFrom: string;
  /** `key@revision` of each event, in the order of coming. */
  readonly events: readonly string[];
  /** How often the watch said that it may have missed changes. */
  readonly restarts: number;
  readonly rssGrowthBytes: number;
  /** The longest time without a put acknowledged, and without an event. */
  readonly longestSilenceMs: Recovery;
}
