import type { Command } from 'commander';

/** Words of a command line, before and after `--`. */
export interface SplitWords {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Finds out which of its words stood after `--`, which commander does not tell. */
export function splitWords(command: Command, words: readonly string[]): SplitWords {
  let root = command;
  while (root.parent) root = root.parent;
  // Not part of its types, but of what it documents.
  const { rawArgs }: { rawArgs?: readonly string[] } = root as Command & { rawArgs?: readonly string[] };
  const at = rawArgs?.indexOf('--') ?? -1;
  const count = at < 0 ? 0 : (rawArgs?.length ?? 0) - at - 1;
  const cut = words.length - Math.min(count, words.length);
  return { before: words.slice(0, cut), after: words.slice(cut) };
}
