import type { CallOptions, ChangeResult, WatchOptions } from '../call-options.js';

/** A resource that a host exports. A resource for three hosts is given three times. */
export interface ResExport {
  /** What it is, such as `file`; without a slash. */
  readonly kind: string;
  /** May hold slashes anywhere; not empty. */
  readonly name: string;
  /** The only host that may collect it. Default: every host. */
  readonly host?: string | undefined;
  /** Its content, in any form that both ends understand. */
  readonly data: string;
}

/** Names a resource that this host has exported. */
export interface ResDelete {
  readonly kind: string;
  readonly name: string;
  /** The only host that it was exported to. Default: every host. */
  readonly host?: string | undefined;
}

/** Which resources to collect. A missing or empty field matches anything. */
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
   * The resources expire this many seconds after they were last exported, unless the same set is exported again with the
   * same TTL, which renews it and wakes no watch. A whole number; etcd raises it to its minimum (2 s by default).
   * Default: they stay until they are deleted.
   */
  readonly ttlSeconds?: number | undefined;
}

/** Resources that hosts export for each other. */
export interface ResWorld {
  /**
   * Yields once the watch is set up, then once for each change or burst of changes of the resources that this host
   * may collect.
   * @param kind wakes for resources of this kind only; default any.
   * @throws WorldError `invalid`, at the call, for a kind that is not valid
   */
  resWatch(kind?: string, options?: WatchOptions): AsyncIterable<void>;
  /**
   * The resources that this host may collect and that any of the filters matches, all as of one moment. An empty list
   * of filters matches nothing; `[{}]` matches everything.
   * @throws WorldError `unavailable`
   */
  resCollect(filters: readonly ResFilter[], options?: CallOptions): Promise<ResOutput[]>;
  /**
   * Exports resources of this host; what is stored already is not written again. Many are written in batches, each
   * entirely or not at all; after an error some batches may be stored, and exporting again is safe.
   * @throws WorldError `invalid` for names that are not valid or a resource given twice with different data; `too-large`,
   * `no-space`, `unavailable`, `outcome-unknown`
   */
  resExport(exports: readonly ResExport[], options?: ResExportOptions): Promise<ChangeResult>;
  /**
   * Deletes resources that this host exported; one that does not exist is no error.
   * @throws WorldError `invalid`, `unavailable`, `outcome-unknown`
   */
  resDelete(deletes: readonly ResDelete[], options?: CallOptions): Promise<ChangeResult>;
}
