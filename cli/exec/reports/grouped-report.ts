import { printSetOff } from '../../output/print-host-lines.js';
import { writeResult } from '../../output/write-output.js';
import { groupOutcomes, namesOf, type OutcomeGroup } from '../group-outcomes.js';
import { describeFailure, type HostOutcome, hasFailed } from '../host-outcome.js';
import type { KeptOutput } from '../output-takers.js';
import { KeptOutputs } from './kept-outputs.js';
import type { Report } from './report.js';

/** Shows each different output once, below the hosts that gave it, when all have ended. */
export class GroupedReport implements Report {
  readonly #signal: AbortSignal;
  readonly #kept = new KeptOutputs();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  takerFor(hostname: string): KeptOutput {
    return this.#kept.takerFor(hostname);
  }

  async ended(): Promise<void> {
    // All are needed to put equal ones together.
  }

  async finish(outcomes: readonly HostOutcome[]): Promise<void> {
    for (const group of groupOutcomes(outcomes)) {
      if (this.#signal.aborted) return;
      writeResult(headingOf(group));
      const kept = this.#kept.of(group.outcome.hostname);
      for (const stream of ['stdout', 'stderr'] as const) {
        kept[stream].end();
        for await (const lines of kept.lines(stream)) await printSetOff(lines, this.#signal);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept[Symbol.asyncDispose]();
  }
}

function headingOf({ hostnames, outcome }: OutcomeGroup): string {
  const count = hostnames.length === 1 ? '' : `${hostnames.length} hosts: `;
  return `${count}${namesOf(hostnames)}${hasFailed(outcome) ? ` (${describeFailure(outcome)})` : ''}`;
}
