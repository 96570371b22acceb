import type { CallOptions } from '../../world/call-options.js';
import type { Lines } from './lines.js';
import type { OutputOptions } from './print.js';
import { writeJson, writeResult, writeValue } from './write.js';

type BoundedCall = CallOptions & { readonly signal: AbortSignal; readonly timeoutMs: number };

/** As long as a timer can wait: about 24 days. */
const PATIENT_MS = 2 ** 31 - 1;

/**
 * Reads once before it watches, so that a fleet that does not answer is an error within the call's time, and then at each
 * pulse. From then on an outage is waited out, however long it lasts.
 */
export async function* readAtEach<T>(
  pulses: (options: { signal: AbortSignal }) => AsyncIterable<unknown>,
  read: (call: CallOptions) => Promise<T>,
  call: BoundedCall,
): AsyncGenerator<T> {
  yield await read(call);
  const patient = { signal: call.signal, timeoutMs: PATIENT_MS };
  for await (const _ of pulses({ signal: call.signal })) yield await read(patient);
}

/** Like {@link readAtEach}, for a watch that brings the states itself. */
export async function* firstThenEach<T>(
  read: (call: CallOptions) => Promise<T>,
  states: (options: { signal: AbortSignal }) => AsyncIterable<T>,
  call: BoundedCall,
): AsyncGenerator<T> {
  yield await read(call);
  yield* states({ signal: call.signal });
}

/** A state for programs, and as text for people: a value that was asked for, or a line, or lines. */
export type Shown =
  | { readonly value: unknown; readonly text: string | Lines }
  | { readonly value: unknown; readonly raw: string };

/** Prints each state that differs from the one before: a JSON value a line, or the text for people. */
export async function printStates<T>(
  options: OutputOptions,
  states: AsyncIterable<T>,
  show: (state: T) => Shown,
): Promise<void> {
  let last: string | undefined;
  for await (const state of states) {
    const shown = show(state);
    const line = JSON.stringify(shown.value);
    if (line === last) continue;
    last = line;
    if (options.json) writeJson(shown.value);
    else if ('raw' in shown) writeValue(shown.raw);
    else writeResult(shown.text);
  }
}
