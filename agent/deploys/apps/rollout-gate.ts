import { timeLimit } from '../../../base/abort.js';
import type { Notify } from '../../../base/notify.js';
import type { RolloutState } from '../../../world/internal.js';
import type { StepFailure } from '../step-failure.js';

export interface RolloutGateOptions {
  /** How far the fleet is with the deploy; undefined once another deploy is wanted. */
  readonly rollout: () => RolloutState | undefined;
  /** Notified when that has changed. */
  readonly changed: Notify;
  /** An abort ends each wait with the signal's reason. */
  readonly signal: AbortSignal;
  /** Called when this host has to wait for its turn; `once` is what it has done for all before. */
  readonly onWait: (step: 'wait' | 'once') => void;
}

/** Holds a deploy on this host until the fleet lets it go on. */
export class RolloutGate {
  readonly #options: RolloutGateOptions;

  constructor(options: RolloutGateOptions) {
    this.#options = options;
  }

  /**
   * Waits for this host's turn. One host of a deploy runs the hook `once` before any has its turn.
   *
   * @param once runs the hook
   * @returns why the hook failed
   */
  async untilAdmitted(once: () => Promise<StepFailure | undefined>): Promise<StepFailure | undefined> {
    const { rollout, onWait } = this.#options;
    const isAdmitted = () => rollout()?.isAdmitted === true;
    const isOnceHost = () => rollout()?.isOnceHost === true;
    if (!isAdmitted() && !isOnceHost()) onWait('wait');
    await this.#until(() => isAdmitted() || isOnceHost());
    if (!isOnceHost()) return undefined;
    const failure = await once();
    if (failure !== undefined) return failure;
    onWait('once');
    await this.#until(isAdmitted);
    return undefined;
  }

  /** Waits for a person to confirm the deploy. @returns false if nobody did in time */
  async isConfirmed(confirmMs: number): Promise<boolean> {
    const isConfirmed = () => this.#options.rollout()?.isConfirmed === true;
    await this.#until(isConfirmed, timeLimit(confirmMs));
    return isConfirmed();
  }

  async #until(condition: () => boolean, late?: AbortSignal): Promise<void> {
    const { signal, changed } = this.#options;
    const over = late === undefined ? signal : AbortSignal.any([signal, late]);
    while (!condition() && !over.aborted) await changed.wait(undefined, over);
    signal.throwIfAborted();
  }
}
