import { KeptOutput } from '../output-takers.js';

/** What hosts have said so far. */
export class KeptOutputs implements AsyncDisposable {
  readonly #kept = new Map<string, KeptOutput>();

  takerFor(hostname: string): KeptOutput {
    const kept = new KeptOutput(hostname);
    this.#kept.set(hostname, kept);
    return kept;
  }

  /** @throws RangeError for a host that nothing was kept of */
  of(hostname: string): KeptOutput {
    const kept = this.#kept.get(hostname);
    if (kept === undefined) throw new RangeError(`nothing was kept of ${hostname}`);
    return kept;
  }

  async forget(hostname: string): Promise<void> {
    const kept = this.#kept.get(hostname);
    this.#kept.delete(hostname);
    await kept?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const hostname of this.#kept.keys()) await this.forget(hostname);
  }
}
