/** Options that every World operation takes. */
export interface CallOptions {
  /** Ends the operation early; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Gives up after this many milliseconds with `WorldError` code `unavailable` (reads) or `outcome-unknown` (writes). Default 10,000. */
  readonly timeoutMs?: number;
}

/** Options of a long-lived read. */
export interface WatchOptions {
  /** Ends the iteration (it returns, it does not throw). */
  readonly signal?: AbortSignal;
}

/** Strings shared by the whole fleet. */
export interface StrWorld {
  /** Yields once when the watch stands, then once for each change (or burst of changes) of the string. */
  strWatch(key: string, options?: WatchOptions): AsyncIterable<void>;
  /** @throws WorldError `not-found` when the key does not exist (see {@link strIsNotExist}). */
  strGet(key: string, options?: CallOptions): Promise<string>;
  /** Writes only if the value differs, so that nobody is woken for nothing. */
  strSet(key: string, value: string, options?: CallOptions): Promise<void>;
  strDel(key: string, options?: CallOptions): Promise<void>;
  /** Whether an error of {@link strGet} says that the key does not exist. */
  strIsNotExist(error: unknown): boolean;
}

/** One string for each host under one key; a host writes only its own. */
export interface StrMapWorld {
  strMapWatch(key: string, options?: WatchOptions): AsyncIterable<void>;
  /** Hostname to value; empty when no host has set one. */
  strMapGet(key: string, options?: CallOptions): Promise<Map<string, string>>;
  /** Sets this host's value (the World's `hostname`). */
  strMapSet(key: string, value: string, options?: CallOptions): Promise<void>;
  /** Removes this host's value. */
  strMapDel(key: string, options?: CallOptions): Promise<void>;
}

/** A resource that a host offers to others. A resource for three hosts is given three times. */
export interface ResExport {
  /** What it is, such as `file`; without a slash. */
  readonly kind: string;
  /** May hold slashes anywhere; not empty. */
  readonly name: string;
  /** The one host that may collect it; default every host. */
  readonly host?: string;
  /** What is to be said of it, in whatever form both ends understand. */
  readonly data: string;
}

/** Names a resource that this host has exported. */
export interface ResDelete {
  readonly kind: string;
  readonly name: string;
  /** The one host that it was exported for; default every host. */
  readonly host?: string;
}

/** Which resources to collect. A field that is absent or empty matches anything. */
export interface ResFilter {
  readonly kind?: string;
  readonly name?: string;
  /** The host that exported it. */
  readonly host?: string;
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
  readonly ttlSeconds?: number;
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
   * @returns true when nothing had to change (false also when an answer was lost).
   * @throws WorldError `invalid` for names that cannot be or one resource given twice with different data; `too-large`,
   * `no-space`, `unavailable`, `outcome-unknown`
   */
  resExport(exports: readonly ResExport[], options?: ResExportOptions): Promise<boolean>;
  /**
   * Takes resources of this host back; what is not there is no error.
   * @returns true when nothing had to change (false also when an answer was lost).
   * @throws WorldError `invalid`, `unavailable`, `outcome-unknown`
   */
  resDelete(deletes: readonly ResDelete[], options?: CallOptions): Promise<boolean>;
}

/** The append-only deploy log. Ids are sequential from 1. */
export interface DeployWorld {
  watchDeploy(options?: WatchOptions): AsyncIterable<void>;
  /** The payload of one deploy; the empty string for id 0. @throws WorldError `not-found` */
  getDeploy(id: number, options?: CallOptions): Promise<string>;
  getDeploys(options?: CallOptions): Promise<Map<number, string>>;
  /** The newest id; 0 when there is none. */
  getMaxDeployId(options?: CallOptions): Promise<number>;
  /** The hash stored with a deploy; the empty string when it has none. */
  getDeployHash(id: number, options?: CallOptions): Promise<string>;
  /**
   * Appends deploy `id`, which must be the newest id plus one, in one transaction, exactly once even when the answer is lost.
   * A `hash` is stored beside it; with a `parentHash` too, the previous deploy's hash must equal it.
   * @throws WorldError `conflict` when the id is taken or not next, or the parent hash differs.
   */
  addDeploy(
    id: number,
    hash: string,
    parentHash: string,
    payload: string,
    options?: CallOptions,
  ): Promise<void>;
}

/** What an agent says of itself while it lives; bound to its session. */
export interface Agent {
  readonly hostname: string;
  /** Made once per prefix folder: tells a restarted agent from a second one with the same hostname. */
  readonly instance: string;
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly pid: number;
}

/** What one host says of one deploy. The last three states are final. */
export type ReportState = 'fetching' | 'applying' | 'healthy' | 'failed' | 'skipped';

export interface Report {
  readonly hostname: string;
  readonly state: ReportState;
  /** One sentence for the person who reads it; for `failed`, what went wrong. */
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
  /** For `failed`: the last lines that the app wrote. */
  readonly logTail?: string;
  /** The deploy that the host runs now (after a failed one: the one it went back to; 0 for none). */
  readonly current: number;
}

/** Progress of deploys, reported by the agents and read by whoever waits. */
export interface ReportWorld {
  /** Stores this host's report on a deploy. */
  setReport(deployId: number, report: Report, options?: CallOptions): Promise<void>;
  getReports(deployId: number, options?: CallOptions): Promise<Map<string, Report>>;
  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void>;
  /** The agents whose session lives. */
  getAgents(options?: CallOptions): Promise<Map<string, Agent>>;
  watchAgents(options?: WatchOptions): AsyncIterable<void>;
}

/** What an upload came to. Sizes in bytes, before compression unless said. */
export interface TreeUpload {
  /** Names the tree: the lowercase hex SHA-256 of its superblock. */
  readonly tree: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** Blocks that the World lacked and their size. */
  readonly uploadedBlocks: number;
  readonly uploadedBytes: number;
}

/** Folders stored as content-addressed blocks under `/storage`, named by a superblock under `/fs`. */
export interface TreeWorld {
  /** Stores a folder; what is there already is not sent again. `.git` is left out. */
  putTree(
    folder: string,
    options?: CallOptions & { onProgress?: (done: { bytes: number; of: number }) => void },
  ): Promise<TreeUpload>;
  /** Writes a stored tree to `folder`, which must not exist; every block is verified. On failure nothing is left. */
  getTree(tree: string, folder: string, options?: CallOptions): Promise<void>;
}

/** A member of the etcd cluster. Ids are uint64 in decimal, as strings because they exceed 2^53. */
export interface Member {
  readonly id: string;
  /** Empty while the member was added but never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MembersWorld {
  members(options?: CallOptions): Promise<Member[]>;
  idealClusterSizeGet(options?: CallOptions): Promise<number>;
  idealClusterSizeSet(size: number, options?: CallOptions): Promise<void>;
}

/** The interface that each host and each controller uses to communicate with the rest of the fleet. */
export interface World
  extends StrWorld,
    StrMapWorld,
    ResWorld,
    DeployWorld,
    ReportWorld,
    TreeWorld,
    MembersWorld,
    AsyncDisposable {
  /** Who we are: the owner of string-map values, reports and exports. */
  readonly hostname: string;
  /** Ends watches, releases sessions and closes connections; idempotent. */
  close(): Promise<void>;
}
