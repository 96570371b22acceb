import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Reach, Recovery, Report, ReportedState, Word } from './protocol.js';

const program = fileURLToPath(new URL('./programs/controller.js', import.meta.url));

/** How long a controller that has closed everything may take to end. */
const EXIT_MS = 10_000;

/** The controller's process, as the test sees it. */
export class Controller implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #words: Word[] = [];

  /** Settles when the controller is connected and its load runs. */
  static async start(reach: Reach): Promise<Controller> {
    const controller = new Controller(fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    controller.#order({ kind: 'start', reach });
    await controller.#word((word) => word.kind === 'running');
    return controller;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (word: Word) => this.#words.push(word));
  }

  /** The newest state of the tunnel. */
  get state(): ReportedState | undefined {
    return this.#words.findLast((word) => word.kind === 'state')?.state;
  }

  /** Settles when puts and events have come through again; how long that took from now. */
  async recovered(): Promise<Recovery> {
    this.#order({ kind: 'mark' });
    const seen = this.#words.length;
    const word = await this.#word(({ kind }) => kind === 'back', seen);
    if (word.kind !== 'back') throw new TypeError('not the answer to a mark');
    return word.recovery;
  }

  /** Settles with the tunnel's next state, or the current one, that is wanted. */
  async inState(wanted: (state: ReportedState) => boolean): Promise<ReportedState> {
    if (this.state !== undefined && wanted(this.state)) return this.state;
    const word = await this.#word((one) => one.kind === 'state' && wanted(one.state), this.#words.length);
    if (word.kind !== 'state') throw new TypeError('not a state');
    return word.state;
  }

  /** Settles with the reason of the next put that was certainly not applied. */
  async refusal(): Promise<string> {
    const word = await this.#word(({ kind }) => kind === 'refused', this.#words.length);
    if (word.kind !== 'refused') throw new TypeError('not a refusal');
    return word.message;
  }

  /** Ends the load and the process, which must go by itself. */
  async finish(throughRevision: bigint | undefined): Promise<Report> {
    const exited = once(this.#child, 'exit');
    this.#order({
      kind: 'finish',
      throughRevision: throughRevision === undefined ? undefined : String(throughRevision),
    });
    const word = await this.#word(({ kind }) => kind === 'report', this.#words.length);
    if (word.kind !== 'report') throw new TypeError('not a report');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_MS);
    const [code, signal] = await exited;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the controller did not end by itself but with ${code ?? signal}`);
    return word.report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #order(order: Order): void {
    this.#child.send(order);
  }

  /** The first word after `seen` others that is wanted. */
  async #word(wanted: (word: Word) => boolean, seen = 0): Promise<Word> {
    const ended = new AbortController();
    const onExit = () => ended.abort(new Error('the controller ended early'));
    this.#child.once('exit', onExit);
    try {
      for (;;) {
        const found = this.#words.slice(seen).find(wanted);
        if (found !== undefined) return found;
        await once(this.#child, 'message', { signal: ended.signal });
      }
    } catch (error) {
      throw ended.signal.aborted ? ended.signal.reason : error;
    } finally {
      this.#child.off('exit', onExit);
    }
  }
}
