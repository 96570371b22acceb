import type { RunningApp } from '../../world/internal.js';

/** Counts the restarts of processes for as long as the agent runs; what processes say of themselves begins again now and then. */
export class RestartCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  /** Restarts by app, and in it by process. */
  get all(): ReadonlyMap<string, ReadonlyMap<string, number>> {
    return this.#counts;
  }

  /** @param now undefined once nothing of the app runs here any more: it is forgotten */
  see(app: string, before: RunningApp | undefined, now: RunningApp | undefined): void {
    if (now === undefined) {
      this.#counts.delete(app);
      return;
    }
    const counts = this.#counts.get(app);
    // A process that is not there any more has no count: there may be many names over the years.
    const next = Object.entries(now.processes).map(([process, { restarts }]): [string, number] => {
      const known = before?.processes[process]?.restarts ?? 0;
      // Of one that began again at 0, these are all.
      const added = restarts >= known ? restarts - known : restarts;
      return [process, (counts?.get(process) ?? 0) + added];
    });
    this.#counts.set(app, new Map(next));
  }
}
