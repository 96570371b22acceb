/** Options that every World operation takes. */
export interface CallOptions {
  /** Ends the operation early; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Gives up after this many milliseconds with `WorldError` code `unavailable` (reads) or `outcome-unknown` (writes). Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** Options of a long-lived read. */
export interface WatchOptions {
  /** Ends the iteration (it returns, it does not throw). */
  readonly signal?: AbortSignal | undefined;
}
