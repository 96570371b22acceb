import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child, type ChildExit } from '../child-process.js';
import { AgentError } from '../errors.js';
import { etcdArguments, type ServerFlags } from './etcd-flags.js';

/** How long a server may take to answer before its start counts as failed (the seed's MaxServerStartTimeout). */
export const maxServerStartTimeoutMs = 60_000;

/** How long a server may take to close before it is killed (the seed's MaxServerCloseTimeout). */
export const maxServerCloseTimeoutMs = 15_000;

const healthIntervalMs = 50;

export interface ServerOptions extends ServerFlags {
  /** The etcd program. */
  readonly program: string;
  /** etcd's working folder, made 0700; its log goes to `etcd.log` in there. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** One real etcd server as a child process. */
export class ServerProcess {
  readonly exited: Promise<ChildExit>;
  readonly #child: Child;
  readonly #options: ServerOptions;

  private constructor(child: Child, options: ServerOptions) {
    this.#child = child;
    this.#options = options;
    this.exited = child.exited;
  }

  /** Starts etcd; it may take a while until it answers, see {@link ServerProcess.ready}. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const child = await Child.start({
      argv: [options.program, ...etcdArguments(options)],
      cwd: options.folder,
      environment: etcdEnvironment(options.environment),
      logFile: path.join(options.folder, 'etcd.log'),
    }).catch((error: unknown) => {
      throw new AgentError('no-etcd', `Cannot run ${options.program}: ${(error as Error).message}.`, {
        cause: error,
      });
    });
    return new ServerProcess(child, options);
  }

  /**
   * Resolves when the server answers `/health` with true, which takes a quorum.
   *
   * @throws AgentError `server-failed` when it ends first or takes longer than `timeoutMs`.
   */
  async ready(options: { signal: AbortSignal; timeoutMs?: number }): Promise<void> {
    const { signal, timeoutMs = maxServerStartTimeoutMs } = options;
    const until = performance.now() + timeoutMs;
    while (!(await this.#healthy(signal))) {
      signal.throwIfAborted();
      if (this.exit !== undefined)
        throw await this.#failure(`ended (${describeExit(this.exit)}) before it answered`);
      if (performance.now() > until) throw await this.#failure(`did not answer within ${timeoutMs} ms`);
      await Promise.race([delay(healthIntervalMs, undefined, { signal }), this.exited]);
    }
  }

  /** How it ended; undefined while it runs. */
  get exit(): ChildExit | undefined {
    return this.#child.exit;
  }

  async stop(): Promise<ChildExit> {
    return this.#child.stop(maxServerCloseTimeoutMs);
  }

  /** Waits until the server ends by itself (a removed member does), at most `timeoutMs`, then stops it. */
  async stopAfterRemoval(timeoutMs: number): Promise<void> {
    const timer = new AbortController();
    await Promise.race([
      this.exited,
      delay(timeoutMs, undefined, { signal: timer.signal }).catch((error: unknown) => {
        if (!timer.signal.aborted) throw error;
      }),
    ]);
    timer.abort();
    await this.stop();
  }

  kill(): void {
    this.#child.kill();
  }

  async #healthy(signal: AbortSignal): Promise<boolean> {
    const [url] = this.#options.clientUrls;
    try {
      const response = await fetch(`${url}/health`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
      });
      return response.ok && ((await response.json()) as { health?: unknown }).health === 'true';
    } catch {
      return false; // refused, too slow or not JSON: not ready yet, whatever the reason
    }
  }

  async #failure(what: string): Promise<AgentError> {
    const logTail = await this.#child.logTail();
    return new AgentError('server-failed', `The etcd server of ${this.#options.name} ${what}.`, { logTail });
  }
}

/** "exit code 1" or "SIGKILL". */
export function describeExit({ code, signal }: ChildExit): string {
  return signal ?? `exit code ${code}`;
}

/** etcd reads every flag from `ETCD_…` too: what our own environment holds must not change the server. */
function etcdEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('ETCD'));
  return Object.fromEntries(kept);
}
