import type { CallOptions } from '../../world/call-options.js';
import type { Lines } from './escaped-lines.js';
import type { OutputOptions } from './print.js';
import { writeJson, writeResult, writeValue } from './write-output.js';

type BoundedCall = CallOptions & { readonly signal: AbortSignal; readonly timeoutMs: number };

/** A state for programs, and as text for people: a value that was asked for, or a line, or lines. */
export type Shown =
  | { readonly value: unknown; readonly text: string | Lines }
  | { readonly value: unknown; readonly raw: string };

/** Something of the World that a command shows. */
export type Source<T> = {
  readonly read: (call: CallOptions) => Promise<T>;
  readonly show: (state: T) => Shown;
} & (
  | { readonly changes: (options: { signal: AbortSignal }) => AsyncIterable<unknown> }
  | { readonly follow: (options: { signal: AbortSignal }) => AsyncIterable<T> }
);

/** The longest that a timer can wait: about 24 days. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Prints what a source holds; with `--watch` again whenever that changes. The first read is bounded by the call, so that
 * a fleet that does not answer is an error; after it, an outage is waited out, however long it lasts.
 */
export async function showOrWatch<T>(
  options: OutputOptions & { readonly watch: boolean },
  call: BoundedCall,
  source: Source<T>,
): Promise<void> {
  if (options.watch) await printStates(options, statesOf(source, call), source.show);
  else print(options, source.show(await source.read(call)));
}

async function* statesOf<T>(source: Source<T>, call: BoundedCall): AsyncGenerator<T> {
  const { signal } = call;
  yield await source.read(call);
  if ('follow' in source) yield* source.follow({ signal });
  else
    for await (const _ of source.changes({ signal }))
      yield source.read({ signal, timeoutMs: MAX_TIMEOUT_MS });
}

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
    print(options, shown, { isEmptyShown: true });
  }
}

function print({ json }: OutputOptions, shown: Shown, { isEmptyShown = false } = {}): void {
  if (json) writeJson(shown.value);
  else if ('raw' in shown) writeValue(shown.raw);
  else if (isEmptyShown || String(shown.text) !== '') writeResult(shown.text);
}
