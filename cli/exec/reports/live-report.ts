import { HostLines } from '../../output/print-host-lines.js';
import { writeRemark } from '../../output/write-output.js';
import { describeFailure, type HostOutcome, hasFailed } from '../host-outcome.js';
import { LiveOutput } from '../output-takers.js';
import type { Report } from './report.js';

/** Shows the output of all hosts as it comes. */
export class LiveReport implements Report {
  readonly #lines: HostLines;
  readonly #signal: AbortSignal;

  constructor(hostnames: readonly string[], signal: AbortSignal) {
    this.#signal = signal;
    this.#lines = new HostLines(hostnames, signal);
  }

  takerFor(hostname: string): LiveOutput {
    return new LiveOutput(hostname, this.#lines);
  }

  async ended(outcome: HostOutcome): Promise<void> {
    // Whoever stopped it all knows why.
    if (hasFailed(outcome) && !this.#signal.aborted)
      writeRemark(`hawser: ${outcome.hostname}: ${describeFailure(outcome)}`);
  }

  async finish(_: readonly HostOutcome[], alikeness: string | undefined): Promise<void> {
    if (alikeness !== undefined && !this.#signal.aborted) writeRemark(`hawser: ${alikeness}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It holds nothing.
  }
}
