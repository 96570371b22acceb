import type { AppLimits, Manifest } from '../../../world/internal.js';
import type { Account } from '../accounts/account.js';

/** One process of one release, as a host is to run it. Nothing of it is looked up in the manifest again. */
export interface ProcessSpec {
  readonly app: string;
  /** The name of the process in the manifest. */
  readonly process: string;
  /** The release's name on this host, unique in the app: `12`, or `12-0a1b2c3d`. */
  readonly release: string;
  readonly argv: readonly [string, ...string[]];
  /** The working directory: that of the release, not the link `current`. */
  readonly folder: string;
  /** All of its environment. */
  readonly environment: NodeJS.ProcessEnv;
  /** Whom it runs as. Default: the agent's own user. */
  readonly account?: Account | undefined;
  readonly limits: AppLimits;
  /** `host:port` of the socket that the host holds for it. */
  readonly listen?: string | undefined;
  readonly stopGraceMs: number;
  /** How long it has to keep running to count as running. */
  readonly settleMs: number;
  /** Where its output goes on hosts without a journal. */
  readonly logFile: string;
}

/** `starting` and `restarting` until it has run for its settling time. */
export type ProcessState = 'starting' | 'running' | 'restarting' | 'stopped';

export interface ProcessStatus {
  readonly state: ProcessState;
  readonly pid?: number | undefined;
  /** How often it was restarted recently. */
  readonly restarts: number;
  /** How it ended last, such as "exited (exit code 7)". */
  readonly lastExit?: string | undefined;
  /** Since when it has been in this state: ISO 8601. */
  readonly since: string;
}

export interface StartOptions {
  /** Called after each change of the status. */
  readonly onChange: () => void;
  /**
   * Only for a process with `listen` that does not overlap: the one of the release before. The host ends it itself, so
   * that the socket is never closed.
   */
  readonly replaces?: HostedProcess | undefined;
}

/** A process of a release that its host runs. */
export interface HostedProcess {
  readonly spec: ProcessSpec;
  readonly status: ProcessStatus;
  /** How its first run ended, such as "exited (exit code 3)". Never rejects. */
  readonly ended: Promise<string>;
  /** It and all that it has started. */
  pids(): number[];
  /** The last lines of its output, bounded. */
  logTail(): Promise<string>;
  /** From now on it is started again whenever it ends. */
  keepRunning(): void;
  /** Stops it and all that it has started: SIGTERM, and SIGKILL after its grace. Its `listen` socket stays open. */
  stop(): Promise<void>;
  /** Kills it, without waiting: for the third Ctrl-C. */
  kill(): void;
  /** The agent ends: stops what cannot run without it, and lets go of the rest. */
  leave(): Promise<void>;
}

/** How the processes of apps are run on a host. */
export interface ProcessHost {
  /** Whether processes go on while the agent is away. */
  readonly outlivesAgent: boolean;
  /** Why processes of this manifest cannot run here, in one sentence; undefined if they can. */
  refusal(manifest: Manifest): string | undefined;
  /** Starts a process of a release that is being tried. Rejects if it cannot be executed. */
  start(spec: ProcessSpec, options: StartOptions): Promise<HostedProcess>;
  /** Runs a process of a release that was healthy: the one that runs already, or a new one, tried again for ever. */
  keep(spec: ProcessSpec, options: StartOptions): HostedProcess;
  /** At the agent's start: ends what earlier agents left running, apart from these, and the sockets of other apps. */
  endAllBut(specs: readonly ProcessSpec[]): Promise<void>;
  /**
   * Removes what is kept for an app beside its processes, such as its sockets.
   * @param staying processes of the app that go on
   */
  forget(app: string, staying: readonly ProcessSpec[]): Promise<void>;
}
