import type { Tunnel } from '../../../tunnel/tunnel.js';
import type { EtcdWay } from '../../bridge/etcd-access.js';

/** How a script is run. */
export interface RunOptions {
  /** `$1`, `$2`, … of the script. Visible to other users of the host while it runs, so never a secret. */
  readonly args?: readonly string[];
  /** Default `root`, by sudo where the SSH user is somebody else. */
  readonly as?: 'root' | 'user';
  /** What the script reads. Default: nothing. */
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

/** What a script said. Whatever a host says is data: parse it strictly, and print it only through `cli/output`. */
export interface RunResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a script gets to be root: what runs the shell, and what that wants to read first. */
export interface RootAccess {
  readonly prefix: readonly string[];
  readonly password?: string | undefined;
}

/** How root is reached on a host. */
export type SudoMode = 'root' | 'free' | 'password' | 'none';

/** A host that we are logged in to, and run scripts of ours on. */
export interface HostShell extends AsyncDisposable {
  /** In the fleet. */
  readonly name: string;
  /** Whom SSH logged in. */
  readonly user: string;
  readonly sudo: SudoMode;
  readonly tunnel: Tunnel;
  /** How etcd is entered through it. */
  readonly way: EtcdWay;
  /** How commands that run for long become root, which `run` does by itself. */
  readonly asRoot: RootAccess;
  /**
   * Runs a POSIX shell script. A script that takes no stream as its input is run again where the connection was lost in the
   * middle: all that we run may be repeated.
   *
   * @throws CliError `failed` after the time limit, or where it says more than a megabyte; TunnelError as `Tunnel.exec`;
   * after an abort `signal.reason`
   */
  run(script: string, options?: RunOptions): Promise<RunResult>;
}
