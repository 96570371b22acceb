import type { CallOptions, ChangeResult, WatchOptions } from '../call-options.js';

/** A resource that a host offers to others. A resource for three hosts is given three times. */
export interface ResExport {
  /** What it is, such as `file`; without a slash. */
  readonly kind: string;
  /** May hold slashes anywhere; not empty. */
  readonly name: string;
  /** The one host that may collect it; default every host. */
  readonly host?: string | undefined;
  /** What is to be said of it, in whatever form both ends understand. */
  readonly data: string;
}

/** Names a resource that this host has exported. */
export interface ResDelete {
  readonly kind: string;
  readonly name: string;
  /** The one host that it was exported for; default every host. */
  readonly host?: string | undefined;
}

/** Which resources to collect. A field that is absent or empty matches anything. */
export interface ResFilter {
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  /** The host that exported it. */
  readonly host?: string | undefined;
}

/** A resource that was exported for this host, or for every host. */
export interface ResOutput {
  readonly kind: string;
  readonly name: string;
  /** The host that exported it. */
  readonly host: string;
  readonly data: string;
}

export interface ResExportOptions extends CallOptions {
  /**
   * The resources vanish so many seconds after they were last exported, unless the same set is exported again with the
   * same TTL, which renews it and wakes nobody. A whole number; etcd raises one below its own smallest (2 s as it
   * comes). Default: they stay until they are deleted.
   */
  readonly ttlSeconds?: number | undefined;
}

/** Resources that hosts export for each other. */
export interface ResWorld {
  /**
   * Yields once when the watch stands, then once for each change (or burst of changes) of the resources that this host
   * may collect.
   * @param kind wakes for resources of this kind only; default any.
   * @throws WorldError `invalid`, at the call, for a kind that cannot be
   */
  resWatch(kind?: string, options?: WatchOptions): AsyncIterable<void>;
  /**
   * The resources that this host may collect and that any of the filters matches, all as of one moment. An empty list
   * of filters matches nothing; `[{}]` matches everything.
   * @throws WorldError `unavailable`
   */
  resCollect(filters: readonly ResFilter[], options?: CallOptions): Promise<ResOutput[]>;
  /**
   * Offers resources in this host's name; what is stored already is not written again. Many are written in batches,
   * each wholly or not at all; after an error some batches may be stored, and exporting again is safe.
   * @throws WorldError `invalid` for names that cannot be or one resource given twice with different data; `too-large`,
   * `no-space`, `unavailable`, `outcome-unknown`
   */
  resExport(exports: readonly ResExport[], options?: ResExportOptions): Promise<ChangeResult>;
  /**
   * Takes resources of this host back; what is not there is no error.
   * @throws WorldError `invalid`, `unavailable`, `outcome-unknown`
   */
  resDelete(deletes: readonly ResDelete[], options?: CallOptions): Promise<ChangeResult>;
}
