/**
 * Lets each host be sent its programs once in a run, whoever asks first: the host's own step, or the run itself, ahead of it.
 */
export class SendOnce {
  readonly #begun = new Map<string, Promise<string | undefined>>();

  /** Sends unless that has begun. @returns what was done, as `send` says it; rejects as `send` does, to each that asks */
  to(host: string, send: () => Promise<string | undefined>): Promise<string | undefined> {
    const begun = this.#begun.get(host) ?? send();
    // Ahead of its step nobody waits for it: the step says what went wrong.
    begun.catch(() => undefined);
    this.#begun.set(host, begun);
    return begun;
  }

  /** Settles when nothing is being sent any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#begun.values());
  }
}
