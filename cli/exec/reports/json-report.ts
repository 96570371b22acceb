import { writeJsonWithTexts } from '../../output/write-output.js';
import type { HostOutcome } from '../host-outcome.js';
import type { KeptOutput } from '../output-takers.js';
import { KeptOutputs } from './kept-outputs.js';
import type { Report } from './report.js';

/** Prints an object a line for each host, as soon as the command has ended there. */
export class JsonReport implements Report {
  readonly #signal: AbortSignal;
  readonly #kept = new KeptOutputs();
  /** One object is written at a time. */
  #last: Promise<void> = Promise.resolve();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  takerFor(hostname: string): KeptOutput {
    return this.#kept.takerFor(hostname);
  }

  ended(outcome: HostOutcome): Promise<void> {
    this.#last = this.#last.then(() => this.#print(outcome));
    return this.#last;
  }

  async finish(): Promise<void> {
    await this.#last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept[Symbol.asyncDispose]();
  }

  async #print({ hostname, exit, signal, error }: HostOutcome): Promise<void> {
    const kept = this.#kept.of(hostname);
    kept.stdout.end();
    kept.stderr.end();
    const texts = { stdout: kept.text('stdout'), stderr: kept.text('stderr') };
    await writeJsonWithTexts({ hostname, exit, signal, error }, texts, this.#signal);
    await this.#kept.forget(hostname);
  }
}
