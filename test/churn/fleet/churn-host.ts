import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  findProcesses,
  identify,
  type ProcessIdentity,
  signalProcesses,
} from '../../../fixtures/fleet/processes/processes.js';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import { within } from '../within.js';

/** How long an agent may take to end in order: longer than it gives itself to leave and to stop its server. */
const STOP_TIMEOUT_MS = 45_000;

export interface ChurnHostOptions {
  readonly name: string;
  readonly address: string;
  /** Put before a program so that it runs on this host. */
  readonly enter: readonly string[];
  /** Of this host alone. */
  readonly folder: string;
  /** The path of the etcd under test. */
  readonly etcd: string;
  /** Told of what must not happen. */
  readonly complain: (complaint: string) => void;
}

/** One host: an agent as a process of its own, with the server that it runs. */
export class ChurnHost {
  readonly name: string;
  readonly clientUrl: string;
  readonly logFile: string;
  /** Of its etcd server. */
  readonly dataFolder: string;
  readonly #options: ChurnHostOptions;
  readonly #serverUrl: string;
  #agent: ChildProcess | undefined;
  #root: ProcessIdentity | undefined;
  #frozen: readonly ProcessIdentity[] = [];
  #hasEndedByItself = false;

  constructor(options: ChurnHostOptions) {
    this.#options = options;
    this.name = options.name;
    this.clientUrl = `http://${options.address}:2379`;
    this.#serverUrl = `http://${options.address}:2380`;
    this.logFile = join(options.folder, 'agent.log');
    this.dataFolder = join(options.folder, 'prefix', 'etcd', 'data');
  }

  get isRunning(): boolean {
    return this.#agent !== undefined;
  }

  /** Whether the agent ended without being told to, and was not started since. */
  get hasEndedByItself(): boolean {
    return this.#hasEndedByItself;
  }

  /** Starts the agent, on the data of earlier runs if there is any. */
  async start(seeds: readonly string[]): Promise<void> {
    const { folder, enter, etcd } = this.#options;
    await mkdir(folder, { recursive: true });
    const log = await open(this.logFile, 'a');
    const hawser = [process.execPath, programFile, 'run', ...this.#flags(seeds)];
    const argv = ['--pdeathsig', 'KILL', '--', ...enter, ...hawser];
    try {
      const environment = { ...process.env, HAWSER_ETCD: etcd };
      const agent = spawn('setpriv', argv, {
        stdio: ['ignore', log.fd, log.fd],
        env: environment,
        detached: true,
      });
      await once(agent, 'spawn');
      this.#agent = agent;
      this.#hasEndedByItself = false;
      this.#root = agent.pid === undefined ? undefined : identify(agent.pid);
      agent.once('exit', (code, signal) => void this.#ended(agent, signal ?? `code ${code}`));
    } finally {
      await log.close();
    }
  }

  /** SIGTERM: the agent leaves the cluster and ends; complains if that is not the end of it. */
  async stop(): Promise<void> {
    const agent = this.#takeAgent();
    if (agent === undefined) return;
    const exited = once(agent, 'exit');
    agent.kill('SIGTERM');
    if (await within(STOP_TIMEOUT_MS, exited)) {
      // One that had hardly begun is ended by the signal itself, or says that it was interrupted.
      const isOrderly = agent.exitCode === 0 || agent.exitCode === 130 || agent.signalCode === 'SIGTERM';
      if (!isOrderly) this.#complain(`ended with ${agent.signalCode ?? agent.exitCode} after SIGTERM`);
      return;
    }
    this.#complain(`did not end within ${STOP_TIMEOUT_MS / 1_000} s of SIGTERM`);
    this.#killAll();
    await exited;
  }

  /** SIGKILL, for everything that runs on the host at once: as when it loses power, though not its disk. */
  async kill(): Promise<void> {
    const agent = this.#takeAgent();
    if (agent === undefined) return;
    const exited = once(agent, 'exit');
    this.#killAll();
    await exited;
  }

  /** SIGSTOP: nothing runs, and the network goes on answering in the kernel's part. */
  freeze(): void {
    if (this.#root === undefined || !this.isRunning) return;
    // The agent first, so that it starts nothing meanwhile.
    signalProcesses([this.#root], 'SIGSTOP');
    this.#frozen = findProcesses([this.#root]);
    signalProcesses(this.#frozen, 'SIGSTOP');
  }

  thaw(): void {
    signalProcesses(this.#frozen, 'SIGCONT');
    this.#frozen = [];
  }

  /** The last lines that the agent wrote. */
  async logTail(lines: number): Promise<string> {
    const text = await readFile(this.logFile, 'utf8').catch(() => ''); // it never ran
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** How often its agent has made a new cluster. */
  async countFounded(): Promise<number> {
    const text = await readFile(this.logFile, 'utf8').catch(() => ''); // it never ran
    return text.split('the first etcd server of a new cluster').length - 1;
  }

  #flags(seeds: readonly string[]): string[] {
    const flags = { prefix: join(this.#options.folder, 'prefix'), hostname: this.name };
    const urls = { 'client-urls': this.clientUrl, 'server-urls': this.#serverUrl };
    const all = Object.entries({ ...flags, ...urls });
    const told = seeds.flatMap((seed) => ['--seeds', seed]);
    const first = seeds.length === 0 ? ['--new-cluster'] : [];
    return [
      '--insecure',
      ...all.flatMap(([name, value]) => [`--${name}`, value]),
      ...told,
      ...first,
      '--verbose',
    ];
  }

  /** From now on its end is no surprise. */
  #takeAgent(): ChildProcess | undefined {
    const agent = this.#agent;
    this.#agent = undefined;
    this.#hasEndedByItself = false;
    return agent;
  }

  async #ended(agent: ChildProcess, how: string): Promise<void> {
    if (this.#agent !== agent) return;
    this.#agent = undefined;
    this.#hasEndedByItself = true;
    this.#complain(`ended by itself with ${how}: ${await this.logTail(5)}`);
  }

  #killAll(): void {
    if (this.#root !== undefined) signalProcesses(findProcesses([this.#root]), 'SIGKILL');
    this.#frozen = [];
  }

  #complain(what: string): void {
    this.#options.complain(`${new Date().toISOString()} the agent of ${this.name} ${what}`);
  }
}
