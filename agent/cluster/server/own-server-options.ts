import type { ConvergerUid } from '../../converger.js';
import type { DataFolder } from './data-folder.js';
import type { ServerStart } from './etcd/flags.js';
import type { ServerLifecycleOptions } from './server-lifecycle.js';
import type { ServerProcess } from './server-process.js';

/** What the server of one host needs of it. */
export interface OwnServerOptions extends ServerLifecycleOptions {
  readonly folder: DataFolder;
  /** What this host is to be added with. */
  readonly advertisedServerUrls: readonly string[];
  readonly spawn: (start: ServerStart) => Promise<ServerProcess>;
  /** Resolves when the disk has room again. */
  readonly space: (signal: AbortSignal) => Promise<void>;
  /** Told when this host's server begins and stops to serve clients. */
  readonly serving: (isServing: boolean) => void;
  /** Told whether this host wants to run a server. */
  readonly willing: (isWilling: boolean) => void;
  /** Not converged while a server starts, joins or goes. */
  readonly convergerUid: ConvergerUid;
}
