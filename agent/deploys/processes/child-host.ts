import type { Log, Manifest } from '../../../world/internal.js';
import type { ProcessMark } from '../../processes/process-mark.js';
import { HostedChild } from './hosted-child.js';
import type { HostedProcess, ProcessHost, ProcessSpec, StartOptions } from './process-host.js';

/** Runs the processes of apps as children of the agent, which end with it. */
export class ChildHost implements ProcessHost {
  readonly outlivesAgent = false;
  readonly #mark: ProcessMark;
  readonly #log: Log;

  constructor(mark: ProcessMark, log: Log) {
    this.#mark = mark;
    this.#log = log;
  }

  refusal({ limits = {}, processes = {} }: Manifest): string | undefined {
    const limited =
      limits.memoryBytes !== undefined ? 'memory' : limits.cpu !== undefined ? 'cpu' : undefined;
    if (limited !== undefined)
      return `The app has a limit of ${limited}, which takes systemd, and the agent of this host runs apps without it: leave limits.${limited} out, or set the host up with "hawser up".`;
    const listening = Object.entries(processes).find(([, { listen }]) => listen !== undefined);
    if (listening === undefined) return undefined;
    return `The process ${listening[0]} has "listen", which takes systemd, and the agent of this host runs apps without it: let the process open its port itself, or set the host up with "hawser up".`;
  }

  async start(spec: ProcessSpec, { onChange }: StartOptions): Promise<HostedProcess> {
    const child = this.#child(spec, onChange);
    await child.start();
    return child;
  }

  keep(spec: ProcessSpec, { onChange }: StartOptions): HostedProcess {
    const child = this.#child(spec, onChange);
    child.keepRunning();
    return child;
  }

  /** Children end with their agent; where that failed, none of them is known to be whole. */
  endAllBut(): Promise<void> {
    return this.#mark.killOrphanedApps(this.#log);
  }

  async forget(): Promise<void> {}

  #child(spec: ProcessSpec, onChange: () => void): HostedChild {
    return new HostedChild({ spec, onChange, mark: this.#mark, log: this.#log });
  }
}
