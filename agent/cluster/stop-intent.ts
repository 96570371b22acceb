import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';

/** Whoever may write into the prefix creates this file there to make the agent leave the cluster when it is stopped. */
const LEAVE_AT_STOP = 'leave-at-stop';

/** Whether an agent that is stopped leaves the cluster, or is only away for a moment. */
export class StopIntent {
  readonly #staysMember: boolean;
  readonly #file: string;

  constructor({
    prefix,
    staysMember = false,
  }: { readonly prefix: string; readonly staysMember?: boolean | undefined }) {
    this.#staysMember = staysMember;
    this.#file = path.join(prefix, LEAVE_AT_STOP);
  }

  /** Whether this host stays a member, as read at the moment of the stop. */
  get stays(): boolean {
    return this.#staysMember && !existsSync(this.#file);
  }

  /** An agent that starts again has not been asked to leave. */
  async reset(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
