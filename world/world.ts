import type { CallOptions, WatchOptions } from './call-options.js';
import type { AppCondition } from './deploys/app-condition.js';
import type { FreedBlocks } from './fs/gc/gc.js';
import type { FsUsage } from './fs/gc/usage.js';
import type { WorldFs } from './fs/world-fs.js';
import type { ResWorld } from './resources/resource-world.js';

export type { ScheduledResult, ScheduleOverview, SchedulerWorld } from './scheduler/scheduler-world.js';

import type { Member } from './client/members.js';
import type { SchedulerWorld } from './scheduler/scheduler-world.js';

export type {
  ResDelete,
  ResExport,
  ResExportOptions,
  ResFilter,
  ResOutput,
  ResWorld,
} from './resources/resource-world.js';

/** Strings shared by the whole fleet. */
export interface StrWorld {
  /** Yields once when the watch stands, then once for each change (or burst of changes) of the string. */
  strWatch(key: string, options?: WatchOptions): AsyncIterable<void>;
  /**
   * @throws WorldError `not-found` when the key does not exist (see {@link strIsNotExist}); `invalid` when what is
   * stored is no text (UTF-8), or for a key that cannot be
   */
  strGet(key: string, options?: CallOptions): Promise<string>;
  /**
   * Writes only if the value differs, so that nobody is woken for nothing.
   * @throws WorldError `invalid` for a key that cannot be (empty, or with a slash at an end) or a value that is no text
   * (half of a surrogate pair); `too-large` beyond 1.5 MiB; `no-space`; `outcome-unknown`
   */
  strSet(key: string, value: string, options?: CallOptions): Promise<void>;
  /** A key that does not exist is no error. */
  strDel(key: string, options?: CallOptions): Promise<void>;
  /** Whether an error of {@link strGet} says that the key does not exist. */
  strIsNotExist(error: unknown): boolean;
}

/**
 * One string for each host under one key; a host writes only its own. Keys and values are as for {@link StrWorld}; what
 * another program left there and is no hostname or no text is left out, with a warning that names the key.
 */
export interface StrMapWorld {
  /** Yields once when the watch stands, then once for each change (or burst of changes) of any host's value. */
  strMapWatch(key: string, options?: WatchOptions): AsyncIterable<void>;
  /** Hostname to value; empty when no host has set one. */
  strMapGet(key: string, options?: CallOptions): Promise<Map<string, string>>;
  /**
   * Yields the whole map, hostname to value, once it is known and then after each change or burst of changes, kept up
   * to date from the changes themselves: with a thousand hosts the map is read once, not a thousand times. Each map is
   * as of one moment and is the caller's to keep. After a gap (compaction) the map is read anew.
   * @throws WorldError `permission-denied`; `invalid`, at the call, for a key that cannot be
   */
  strMapFollow(key: string, options?: WatchOptions): AsyncIterable<ReadonlyMap<string, string>>;
  /** Sets this host's value (the World's `hostname`). */
  strMapSet(key: string, value: string, options?: CallOptions): Promise<void>;
  /** Removes this host's value. */
  strMapDel(key: string, options?: CallOptions): Promise<void>;
}

/**
 * The append-only deploy log. Ids are whole numbers from 1 without a gap; another number is WorldError `invalid`. Keys
 * that another program left among the deploys are left out, with a warning that names the key.
 */
export interface DeployWorld {
  /** Yields once when the watch stands, then once for each change (or burst of changes) of the log. */
  watchDeploy(options?: WatchOptions): AsyncIterable<void>;
  /** The payload of one deploy; the empty string for id 0. @throws WorldError `not-found`; `invalid` when it is no text */
  getDeploy(id: number, options?: CallOptions): Promise<string>;
  /** All payloads by id, the oldest first. */
  getDeploys(options?: CallOptions): Promise<Map<number, string>>;
  /** The newest id; 0 when there is none. What travels does not grow with the log. */
  getMaxDeployId(options?: CallOptions): Promise<number>;
  /** The hash stored with a deploy; the empty string when it has none. */
  getDeployHash(id: number, options?: CallOptions): Promise<string>;
  /**
   * Appends deploy `id`, which must be the newest id plus one, in one transaction, exactly once even when the answer is lost.
   * After `outcome-unknown` or an abort the same call may be made again on the same World: it succeeds if it had been applied.
   * A `hash` is stored beside it; with a `parentHash` too, the previous deploy's hash must equal it.
   * @throws WorldError `conflict` when the id is taken or not next, or the parent hash differs; `not-found` when its tree,
   * stored over this World, was freed since.
   */
  addDeploy(
    id: number,
    hash: string,
    parentHash: string,
    payload: string,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Deletes all deploys, with their hashes and reports, but the newest `keep` (from 1) and those that a host runs by its
   * last report, however old. The next deploy follows as before. {@link FsWorld.fsGc} then frees what only they stored.
   * @returns how many deploys were deleted.
   * @throws WorldError `invalid` for a number that cannot be
   */
  pruneDeploys(keep: number, options?: CallOptions): Promise<number>;
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
  /** What the operator says of the host, such as its `zone`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where it runs, for people to read. */
  readonly address?: string;
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
  /** How the app of `current` fares; absent while nothing has happened to it. */
  readonly app?: AppCondition;
}

/** Progress of deploys, reported by the agents and read by whoever waits. */
export interface ReportWorld {
  /** Stores this host's report on a deploy. @throws WorldError `invalid` for the report of another host */
  setReport(deployId: number, report: Report, options?: CallOptions): Promise<void>;
  /** Hostname to report; what is no report is left out, with a warning that names the key. */
  getReports(deployId: number, options?: CallOptions): Promise<Map<string, Report>>;
  /** Yields once when the watch stands, then once for each change (or burst of changes). */
  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void>;
  /** The agents whose session lives. */
  getAgents(options?: CallOptions): Promise<Map<string, Agent>>;
  /** Yields once when the watch stands, then once for each change (or burst of changes): agents that come or go. */
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
  /** Stores a folder, without `.git`; what is there is not sent again. A deploy has to name it within an hour. */
  putTree(
    folder: string,
    options?: CallOptions & { onProgress?: (done: { bytes: number; of: number }) => void },
  ): Promise<TreeUpload>;
  /** Writes a stored tree to `folder`, which must not exist; every block is verified. On failure nothing is left. */
  getTree(tree: string, folder: string, options?: CallOptions): Promise<void>;
}

/** File systems that the whole fleet shares. */
export interface FsWorld {
  /**
   * The file system that a URI names: `etcdfs:///fs/NAME` is shared, `memmapfs:///` is this World's own (the
   * `standaloneFs` that it was given, else one in memory). Nothing is read before it is used.
   * @throws WorldError `invalid` for a URI that names none.
   */
  fs(uri: string): WorldFs;
  /**
   * Deletes the trees that no deploy names and the blocks that nothing names, safely while others write or etcd is full.
   * @throws WorldError `invalid`, `not-found`, `too-large` for a superblock that cannot be read; then no block was deleted.
   */
  fsGc(options?: CallOptions): Promise<FreedBlocks>;
  /** How full etcd is, and what of it are file systems. */
  fsUsage(options?: CallOptions): Promise<FsUsage>;
  /** The URI of the file system in use: what `getUri` says, by default `etcdfs:///fs/shared`. */
  uri(): string;
}

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

/** How to reach the etcd behind the World. */
export interface EndpointsWorld {
  /**
   * The URLs that this process uses. They are good from here only: over SSH they are `unix://` sockets, this process's
   * ends of the tunnel, which nobody else can dial and which go when the World closes.
   */
  localEndpoints(): readonly string[];
  /** Hostname to the URLs at which that host's etcd server is to be reached; whether one can reach them is another matter. */
  advertisedEndpoints(options?: CallOptions): Promise<Map<string, string[]>>;
  /** Yields once when the watch stands, then once for each change (or burst of changes) of what is advertised. */
  watchEndpoints(options?: WatchOptions): AsyncIterable<void>;
}

/** The interface that each host and each controller uses to communicate with the rest of the fleet. */
export interface World
  extends StrWorld,
    StrMapWorld,
    ResWorld,
    DeployWorld,
    ReportWorld,
    TreeWorld,
    FsWorld,
    MembersWorld,
    EndpointsWorld,
    SchedulerWorld,
    AsyncDisposable {
  /** Who we are: the owner of string-map values, reports and exports. */
  readonly hostname: string;
  /** Ends watches, releases sessions and closes connections; idempotent. */
  close(): Promise<void>;
}
