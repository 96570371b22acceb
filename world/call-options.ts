/** Options that every World operation takes. */
export interface CallOptions {
  /** Ends the operation early; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds; then rejects with WorldError `unavailable`, or `outcome-unknown` if a write was sent. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** Options of a long-lived read. */
export interface WatchOptions {
  /** Ends the iteration (it returns, it does not throw). */
  readonly signal?: AbortSignal | undefined;
}

/** What a write that changes nothing where everything is so already came to. */
export interface ChangeResult {
  /** Whether anything was changed; true also when an answer was lost, because something may have been. */
  readonly changed: boolean;
}
