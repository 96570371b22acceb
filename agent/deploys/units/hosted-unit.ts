import { setTimeout as delay } from 'node:timers/promises';
import type { HostedProcess, ProcessSpec, ProcessState, ProcessStatus } from '../processes/process-host.js';
import { groupPids, readJournal, readUnit, systemctl, type UnitState } from './systemctl.js';
import { serviceName } from './unit-names.js';

/** How often a process is looked for: with a system call, not with a program. */
const LOOK_MS = { starting: 50, running: 1_000 };

/** A release that is being tried has failed, also where systemd takes longer to say how. */
const WHY_WITHIN_MS = 150;

/** A process of a release as a unit of systemd, which goes on without the agent. */
export class HostedUnit implements HostedProcess {
  readonly spec: ProcessSpec;
  readonly unit: string;
  readonly ended: Promise<string>;
  readonly #onChange: () => void;
  readonly #over = new AbortController();
  #endFirstRun: (how: string) => void = () => undefined;
  #status: ProcessStatus = { state: 'starting', restarts: 0, since: new Date().toISOString() };
  #controlGroup = '';
  #isKept = false;
  #firstPid = 0;
  #upSince = 0;
  #watching: Promise<void> | undefined;

  constructor(spec: ProcessSpec, onChange: () => void) {
    this.spec = spec;
    this.unit = serviceName(spec);
    this.#onChange = onChange;
    this.ended = new Promise((resolve) => {
      this.#endFirstRun = resolve;
    });
  }

  get status(): ProcessStatus {
    return this.#status;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  get isStopped(): boolean {
    return this.#status.state === 'stopped';
  }

  /** Watches it from now on. @param state as it was started, or found running */
  watch(state: UnitState): void {
    if (this.isOver) return;
    this.#firstPid = state.pid;
    this.#upSince = performance.now();
    this.#take(state);
    this.#watching ??= this.#watch().catch(() => undefined); // it is over
  }

  pids(): number[] {
    return groupPids(this.#controlGroup);
  }

  logTail(): Promise<string> {
    return readJournal(this.unit).catch(() => '');
  }

  keepRunning(): void {
    this.#isKept = true;
    if (this.#status.pid !== undefined) this.#set('running', {});
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await systemctl('stop', '--', this.unit).catch(() => undefined);
    if (this.#status.state !== 'stopped') this.#set('stopped', { pid: undefined });
  }

  /** For the agent's third Ctrl-C, which is not meant for the apps. */
  kill(): void {
    this.#over.abort();
  }

  async leave(): Promise<void> {
    this.#over.abort();
  }

  /** It could not be started, and is tried again. */
  failed(why: string): void {
    this.#set('restarting', { lastExit: why });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await delay(this.#isKept ? LOOK_MS.running : LOOK_MS.starting, undefined, { signal });
      const { pid, state } = this.#status;
      const isUp = pid !== undefined && isAlive(pid);
      if (isUp && state !== 'restarting') continue;
      if (!isUp) void delay(WHY_WITHIN_MS, undefined, { ref: false }).then(() => this.#endFirstRun('exited'));
      const found = await readUnit(this.unit).catch(() => undefined);
      if (found !== undefined && !signal.aborted) this.#take(found);
    }
  }

  #take(found: UnitState): void {
    const { pid, restarts } = found;
    this.#controlGroup = found.controlGroup;
    if (pid !== 0 && pid !== this.#status.pid) this.#upSince = performance.now();
    if (pid === 0 || restarts > 0 || pid !== this.#firstPid) this.#endFirstRun(describeEnd(found));
    if (pid === 0) {
      this.#set('restarting', { pid: undefined, restarts, lastExit: describeEnd(found) });
      return;
    }
    const isSettled = performance.now() - this.#upSince >= this.spec.settleMs;
    const isRunning = this.#isKept && (restarts === 0 || isSettled);
    const state = isRunning ? 'running' : restarts > 0 ? 'restarting' : 'starting';
    this.#set(state, { pid, restarts });
  }

  #set(state: ProcessState, change: Partial<ProcessStatus>): void {
    const last = this.#status;
    const since = state === last.state ? last.since : new Date().toISOString();
    const next = { ...last, ...change, state, since };
    const isSame = JSON.stringify(next) === JSON.stringify(last);
    this.#status = next;
    if (!isSame) this.#onChange();
  }
}

/** The code that the kernel gives for a process that exited. */
const CLD_EXITED = 1;

function describeEnd({ exitCode, exitStatus }: UnitState): string {
  if (exitCode === CLD_EXITED) return `exited (exit code ${exitStatus})`;
  return exitCode === 0 ? 'exited' : `exited (signal ${exitStatus})`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
