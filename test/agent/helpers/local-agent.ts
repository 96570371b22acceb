import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  findProcesses,
  killProcesses,
  type ProcessIdentity,
  signalProcesses,
} from '../../../fixtures/fleet/processes/processes.js';
import { programFile } from '../../../fixtures/fleet/project-paths.js';

/** Long enough for a machine that is busy with the other tests; what goes well takes a part of it. */
export const patienceMs = 100_000;

/** How an agent ended. */
export interface AgentExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface AgentPlace {
  readonly name: string;
  readonly prefix: string;
  readonly clientUrl: string;
  readonly serverUrl: string;
  /** The beginning of an environment variable that marks what the agent and its children are. */
  readonly marker: string;
  readonly etcd: string;
}

/** A real `hawser run` on loopback ports of its own, with a private prefix; it can be started any number of times. */
export class LocalAgent {
  readonly name: string;
  readonly prefix: string;
  readonly clientUrl: string;
  readonly serverUrl: string;
  readonly #place: AgentPlace;
  readonly #written = new EventEmitter();
  #child: ChildProcess | undefined;
  #exited: Promise<AgentExit> | undefined;
  #log = '';
  #runFrom = 0;

  constructor(place: AgentPlace) {
    this.name = place.name;
    this.prefix = place.prefix;
    this.clientUrl = place.clientUrl;
    this.serverUrl = place.serverUrl;
    this.#place = place;
  }

  /** Starts the agent and leaves it running; a flag in `extra` counts more than the ones given here. */
  start(seeds: readonly LocalAgent[] = [], extra: readonly string[] = [], env: NodeJS.ProcessEnv = {}): void {
    this.run(this.flags(seeds, extra), env);
  }

  /** The flags of `hawser run` for this host; without seeds it is told to make a new cluster. */
  flags(seeds: readonly LocalAgent[] = [], extra: readonly string[] = []): string[] {
    const urls = ['--client-urls', this.clientUrl, '--server-urls', this.serverUrl];
    // A unit of the first host keeps it for good.
    const first = seeds.length === 0 ? ['--new-cluster'] : [];
    const seedFlags = [...first, ...seeds.flatMap((seed) => ['--seeds', seed.clientUrl])];
    return ['--hostname', this.name, '--prefix', this.prefix, ...urls, ...seedFlags, ...extra];
  }

  /** What its processes are known by, and which etcd it takes. */
  get environment(): Record<string, string> {
    const [name = '', value = ''] = this.#place.marker.split('=');
    return { HAWSER_ETCD: this.#place.etcd, [name]: value };
  }

  /** Starts `hawser run` with exactly these flags; `through` is a command that runs it in another surrounding. */
  run(flags: readonly string[], env: NodeJS.ProcessEnv = {}, through: readonly string[] = []): void {
    const command = ['--pdeathsig', 'KILL', '--', ...through, process.execPath, programFile, 'run', ...flags];
    // Tied to us, so that no test that is ended by force leaves an agent behind.
    const child = spawn('setpriv', command, {
      cwd: '/',
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...this.environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const output of [child.stdout, child.stderr])
      output?.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
        this.#written.emit('written');
      });
    this.#child = child;
    this.#runFrom = this.#log.length;
    this.#exited = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    void this.#exited.then(() => this.#written.emit('written'));
  }

  /** All that its runs have written so far, to both outputs. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} was not started`);
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits for the end of the current run. */
  async ended(): Promise<AgentExit> {
    if (this.#exited === undefined) throw new Error(`${this.name} was not started`);
    const over = new AbortController();
    const late = delay(patienceMs, undefined, { signal: over.signal }).catch(() => undefined); // it ended in time
    const exit = await Promise.race([this.#exited, late]);
    over.abort();
    if (exit === undefined) throw new Error(`${this.name} does not end:\n${await this.story()}`);
    return exit;
  }

  /** Waits until the log shows a text, after it had grown to `from` characters; default in the current run. */
  async logged(expected: RegExp, from = this.#runFrom): Promise<string> {
    const signal = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = expected.exec(this.#log.slice(from));
      if (found !== null) return found[0];
      if (!this.isRunning && this.#child?.stdout?.destroyed !== false) break;
      await once(this.#written, 'written', { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (signal.aborted) break;
    }
    throw new Error(`no ${expected} in the log of ${this.name}:\n${await this.story()}`);
  }

  /** Waits until the current run votes, which its keys of an earlier run do not tell. */
  async votes(): Promise<void> {
    await this.logged(/ is a voting member/);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it as a service manager does, and says how it ended. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<AgentExit> {
    this.signal(name);
    return this.ended();
  }

  /** `kill -9` of the agent alone; resolves when its etcd is gone too, which the kernel ends with it. */
  async kill(): Promise<void> {
    await this.stop('SIGKILL');
    await this.gone();
  }

  /** Waits until nothing that this agent started is left. */
  async gone(): Promise<void> {
    const until = Date.now() + patienceMs;
    while (this.processes().length > 0) {
      if (Date.now() > until) throw new Error(`processes of ${this.name} are left:\n${await this.story()}`);
      await delay(20);
    }
  }

  /** The agent, its etcd and whatever else it has started. */
  processes(): readonly ProcessIdentity[] {
    return findProcesses([], this.#place.marker);
  }

  /** The etcd servers that run for this agent: none or one. */
  async etcds(): Promise<readonly ProcessIdentity[]> {
    const found = this.processes();
    const names = await Promise.all(
      found.map(({ pid }) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')),
    );
    return found.filter((_, index) => names[index]?.trim() === 'etcd');
  }

  /** Stops the agent and its etcd in their tracks, as a machine that hangs. */
  freeze(): void {
    signalProcesses(this.processes(), 'SIGSTOP');
  }

  thaw(): void {
    signalProcesses(this.processes(), 'SIGCONT');
  }

  /** What it and its etcd have written last, for whoever has to find out why a test failed. */
  async story(): Promise<string> {
    const etcdLog = await readFile(path.join(this.prefix, 'etcd', 'etcd.log'), 'utf8').catch(() => '');
    const lastLines = (text: string, count: number) =>
      text
        .trimEnd()
        .split('\n')
        .slice(-count)
        .map((line) => line.slice(0, 300))
        .join('\n');
    const end = this.isRunning ? 'runs' : 'does not run';
    return `--- ${this.name} (${end})\n${lastLines(this.#log, 60)}\n--- etcd of ${this.name}\n${lastLines(etcdLog, 6)}`;
  }

  /** Ends everything at once, without a word. */
  async destroy(): Promise<void> {
    this.signal('SIGKILL');
    await killProcesses([], this.#place.marker);
    await this.#exited;
  }
}
