import type { Log } from '../../../base/log.js';

/** One thing that is done on a host. Doing it again does no harm. */
export interface Step {
  /** What is being done, to follow "could not" and to show as progress: `send the runtime`. */
  readonly name: string;
  /** Whether a cluster may exist on this host from here on. */
  readonly mayBegin?: boolean;
  /** @returns what was done, to show; nothing where there was nothing to do */
  readonly run: (signal: AbortSignal) => Promise<string | undefined>;
}

/** What became of a host. */
export type HostOutcome =
  | { readonly kind: 'done'; readonly host: string }
  | {
      readonly kind: 'failed';
      readonly host: string;
      /** What was being done. */
      readonly step: string;
      readonly error: unknown;
      /** Whether the host may have become part of a cluster, or may be one. */
      readonly mayHaveBegun: boolean;
    }
  /** Nothing was started, because another host had to be first and failed. */
  | { readonly kind: 'waiting'; readonly host: string; readonly for: string };

export function isDone({ kind }: HostOutcome): boolean {
  return kind === 'done';
}

/** Where {@link runSteps} says what happens. */
export type Report = (host: string, text: string) => void;

/**
 * Does the steps of one host, one after the other, until one fails. An abort ends the step in progress and rejects with
 * `signal.reason`, when that has been cleaned up after.
 */
export async function runSteps(
  host: string,
  steps: Iterable<Step> | AsyncIterable<Step>,
  { signal, report, log }: { readonly signal: AbortSignal; readonly report: Report; readonly log: Log },
): Promise<HostOutcome> {
  let mayHaveBegun = false;
  let name = '';
  try {
    for await (const step of steps) {
      signal.throwIfAborted();
      name = step.name;
      log('debug', `${host}: begins to ${name}`);
      mayHaveBegun ||= step.mayBegin === true;
      const done = await step.run(signal);
      if (done !== undefined) report(host, done);
    }
    return { kind: 'done', host };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', host, step: name, error, mayHaveBegun };
  }
}
