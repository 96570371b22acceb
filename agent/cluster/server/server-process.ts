import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pause, timeLimit } from '../../../base/abort.js';
import type { Log, MemberStatus } from '../../../world/internal.js';
import { MAX_SERVER_CLOSE_TIMEOUT_MS, MAX_SERVER_START_TIMEOUT_MS } from '../../constants.js';
import { AgentError, type AgentErrorCode } from '../../errors.js';
import { Child, type ChildExit } from '../../processes/child-process.js';
import { APP_MARK } from '../../processes/process-mark.js';
import { checkAddressesFree } from './addresses/check-addresses-free.js';
import { localEndpoint } from './addresses/server-addresses.js';
import { checkDataFree } from './check-data-free.js';
import { classifyServerExit, type ExitReason, type ServerExit } from './classify-server-exit.js';
import { describeExit } from './describe-server-exit.js';
import { askEtcdVersion } from './etcd/ask-etcd-version.js';
import { asClient, etcdArguments, type ServerFlags } from './etcd/etcd-arguments.js';
import { extractLogErrors } from './etcd/extract-log-errors.js';
import { ServerSilence, SILENCE_TIMES, type SilenceTimes } from './measure-server-silence.js';
import { rotateLog } from './rotate-log.js';
import { ServerProbe } from './server-probe.js';
import { freeBytes } from './until-disk-space.js';

export type { ServerExit } from './classify-server-exit.js';

/** Enough for a Go panic, which dumps every goroutine. */
const LOG_TAIL_LINES = 400;
const LOG_TAIL_BYTES = 128 * 1024;

/** The log size is checked every so many rounds of the watchdog: once a minute. */
const LOG_CHECK_ROUNDS = 6;

export interface ServerOptions extends ServerFlags {
  /** The etcd program. */
  readonly program: string;
  /** The directory of its log, `etcd.log`, mode 0700. */
  readonly folder: string;
  /** etcd's working directory, which its unix sockets are in. Default: `folder`. */
  readonly socketFolder?: string | undefined;
  /** The umask of etcd, which its sockets follow. Default: this process's. */
  readonly umask?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** `NAME=value` in its environment, by which a later agent recognises it. */
  readonly mark?: string;
  readonly log?: Log | undefined;
  /** Default {@link SILENCE_TIMES}. */
  readonly silenceTimes?: SilenceTimes | undefined;
}

/**
 * One etcd server as a child process. While it runs, its log is rotated, and it is killed if it was ready and has not
 * answered for 30 seconds, so that it can be restarted.
 */
export class ServerProcess {
  /** How it exited and why; never rejects. */
  readonly exited: Promise<ServerExit>;
  /** How programs on this machine reach it: a client URL, or `unix:///…`. */
  readonly clientEndpoint: string;
  readonly #child: Child;
  readonly #options: ServerOptions;
  readonly #over = new AbortController();
  #exit: ServerExit | undefined;
  #ended: 'stopped' | 'hung' | undefined;
  /** A server that waits for others at its start does not answer, so this counts from the first answer. */
  #silence: ServerSilence | undefined;

  private constructor(child: Child, options: ServerOptions, clientEndpoint: string) {
    this.#child = child;
    this.#options = options;
    this.clientEndpoint = clientEndpoint;
    this.exited = child.exited.then((exit) => this.#classifyExit(exit));
    this.#watch().catch((error: Error) => {
      options.log?.('warn', `the etcd watchdog stopped: ${error.message}`);
    });
  }

  /**
   * Starts etcd; it may take a while to answer, see {@link ServerProcess.ready}.
   *
   * @throws AgentError `in-use` if another program uses its addresses or its data; `no-etcd`, `etcd-too-old`
   */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const { folder, socketFolder = folder, clientUrls, serverUrls, program } = options;
    const clientEndpoint = localEndpoint(options, socketFolder);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await Promise.all([
      checkAddressesFree([...clientUrls, ...serverUrls], socketFolder),
      checkDataFree(options.dataFolder),
      askEtcdVersion(program, options.environment),
    ]);
    if (options.start.kind === 'new') options.start.permit.use();
    const logFile = logFileIn(folder);
    await rotateLog(logFile, { live: false });
    const child = await Child.start({
      argv: [program, ...etcdArguments(options)],
      cwd: socketFolder,
      umask: options.umask,
      environment: etcdEnvironment(options.environment),
      logFile,
      ...(options.mark === undefined ? {} : { mark: options.mark }),
    }).catch((error: unknown) => {
      throw new AgentError('no-etcd', `Cannot run ${program}: ${(error as Error).message}.`, {
        cause: error,
      });
    });
    return new ServerProcess(child, options, clientEndpoint);
  }

  /**
   * Resolves with the server's status once it serves, which takes a quorum, or for a learner a leader.
   *
   * @throws AgentError if it exits first or takes longer than `timeoutMs` (default {@link
   * MAX_SERVER_START_TIMEOUT_MS}): `disk-full`, `in-use` or `server-failed`, with the end of its log.
   */
  async ready(options: { signal: AbortSignal; timeoutMs?: number }): Promise<MemberStatus> {
    const { signal, timeoutMs = MAX_SERVER_START_TIMEOUT_MS } = options;
    signal.throwIfAborted();
    const late = timeLimit(timeoutMs);
    await using local = this.#local();
    try {
      const status = await local.untilServing(AbortSignal.any([signal, late, this.#over.signal]));
      this.#silence ??= this.#newSilence();
      return status;
    } catch (error) {
      signal.throwIfAborted();
      if (this.#exit !== undefined) throw this.#failure(this.#exit);
      if (late.aborted) throw await this.#timeoutError(timeoutMs);
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** How it exited; undefined while it runs. */
  get exit(): ServerExit | undefined {
    return this.#exit;
  }

  /** Resolves when it exits, or after `ms`. */
  exitWithin(ms: number): Promise<void> {
    return pause(ms, this.#over.signal);
  }

  async stop(): Promise<ServerExit> {
    this.#ended ??= 'stopped';
    await this.#child.stop(MAX_SERVER_CLOSE_TIMEOUT_MS);
    return this.exited;
  }

  kill(): void {
    this.#ended ??= 'stopped';
    this.#child.kill();
  }

  async #classifyExit(exit: ChildExit): Promise<ServerExit> {
    const { folder } = this.#options;
    const [log, free] = await Promise.all([
      this.#child.logTail(LOG_TAIL_LINES, LOG_TAIL_BYTES).catch(() => ''), // the directory may be gone, with --tmp-prefix
      freeBytes(folder).catch(() => Number.POSITIVE_INFINITY),
    ]);
    this.#exit = classifyServerExit({ exit, ended: this.#ended, log, freeBytes: free });
    this.#over.abort();
    return this.#exit;
  }

  /** Rotates the log, and kills the server if it hangs, until it exits. */
  async #watch(): Promise<void> {
    const { name, log = () => undefined, silenceTimes = SILENCE_TIMES } = this.#options;
    await using local = this.#local();
    let answered = true;
    for (let round = 1; ; round += 1) {
      const before = performance.now();
      await pause(answered ? silenceTimes.intervalMs : silenceTimes.intervalMs / 4, this.#over.signal);
      if (this.#over.signal.aborted) return;
      this.#silence?.paused(before, performance.now());
      if (round % LOG_CHECK_ROUNDS === 0) await this.#rotateLog(log);
      answered = await this.#answers(local, silenceTimes.intervalMs / 2);
      if (answered) this.#silence ??= this.#newSilence();
      if (this.#silence?.isHung(answered, performance.now()) !== true || this.#exit !== undefined) continue;
      log(
        'error',
        `the etcd server of ${name} has not answered for ${silenceTimes.maxSilenceMs / 1000} s; killing it`,
      );
      this.#ended ??= 'hung';
      return this.#child.kill();
    }
  }

  #newSilence(): ServerSilence {
    return new ServerSilence(performance.now(), this.#options.silenceTimes);
  }

  #local(): ServerProbe {
    return new ServerProbe({ endpoint: this.clientEndpoint, tls: asClient(this.#options.tls?.client) });
  }

  async #rotateLog(log: Log): Promise<void> {
    await rotateLog(logFileIn(this.#options.folder), { live: true }).catch((error: Error) => {
      log('warn', `could not rotate etcd's log: ${error.message}`);
    });
  }

  async #answers(local: ServerProbe, timeoutMs: number): Promise<boolean> {
    const options = { signal: this.#over.signal, timeoutMs };
    const status = await local.status(options).catch(() => undefined); // it exited meanwhile
    return status !== undefined;
  }

  #failure(exit: ServerExit): AgentError {
    const message = `The etcd server of ${this.#options.name} exited before it was ready: ${describeExit(exit)}.`;
    return new AgentError(ERROR_CODES[exit.why] ?? 'server-failed', message, { logTail: exit.logTail });
  }

  async #timeoutError(timeoutMs: number): Promise<AgentError> {
    const log = await this.#child.logTail(LOG_TAIL_LINES, LOG_TAIL_BYTES);
    const logTail = extractLogErrors(log).join('\n');
    const message = `The etcd server of ${this.#options.name} was not ready within ${timeoutMs / 1000} s.`;
    return new AgentError('server-failed', message, { logTail });
  }
}

const ERROR_CODES: Partial<Record<ExitReason, AgentErrorCode>> = {
  'disk-full': 'disk-full',
  'address-in-use': 'in-use',
};

function logFileIn(folder: string): string {
  return path.join(folder, 'etcd.log');
}

/**
 * etcd also reads every flag from `ETCD_…`: variables of the agent's environment must not change the server. It must
 * not count as an app either, even if an app started this agent.
 */
function etcdEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('ETCD') && name !== APP_MARK);
  return Object.fromEntries(kept);
}
