import { randomUUID } from 'node:crypto';
import { AgentError } from '../../errors.js';
import type { DataFolder } from '../server/data-folder.js';
import { planStart, type StartFacts } from './plan-start.js';

/** Checks whether a cluster expects a server at this host's addresses, and throws if one does. */
export type ForkGuard = (signal: AbortSignal) => Promise<void>;

/**
 * Permits starting the first server of a new cluster. Only {@link NewClusterPermit.ask} creates one, from facts that
 * include a person's explicit request, so nothing else in the agent can start a second cluster.
 */
export class NewClusterPermit {
  /** Distinguishes clusters that start on the same addresses. */
  readonly token = randomUUID();
  readonly #folder: DataFolder;
  #used = false;

  /**
   * @throws AgentError `no-fleet` when the facts do not allow a new cluster; what the guard throws.
   */
  static async ask(
    facts: StartFacts,
    folder: DataFolder,
    guard: ForkGuard,
    signal: AbortSignal,
  ): Promise<NewClusterPermit> {
    if (planStart(facts).kind !== 'found' || !facts.newCluster)
      throw new AgentError('no-fleet', `No new cluster was requested on ${facts.hostname}.`);
    await guard(signal);
    return new NewClusterPermit(folder);
  }

  private constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  /**
   * Call it right before the server starts. @throws AgentError `no-fleet` the second time, or if data has appeared
   * meanwhile.
   */
  use(): void {
    if (this.#used || this.#folder.hasData)
      throw new AgentError(
        'no-fleet',
        'A new cluster is created only once, and only where there is no data.',
      );
    this.#used = true;
  }
}
