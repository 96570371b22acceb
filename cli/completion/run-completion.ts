import type { Command } from 'commander';
import { lines } from '../output/print.js';
import { writeResult } from '../output/write-output.js';
import { completeWords } from './complete-words.js';
import { findNames } from './find-names.js';

/** A line for the shell: files can follow. */
const FILES = ':files';

/**
 * Prints what can stand at the end of a command line, one a line: a word and, after a space, what it means.
 * @param words all words, the program's name first, the one that is being typed last
 */
export async function runCompletion(root: Command, words: readonly string[]): Promise<void> {
  const typed = words.at(-1) ?? '';
  const found = completeWords(root, words.slice(1, -1), typed);
  if (found.kind === 'names' && found.names === 'files') return writeResult(FILES);
  const [option = ''] = /^--[^=]+=/.exec(typed) ?? [];
  const candidates =
    found.kind === 'words'
      ? found.words
      : (await findNames(found.names, found.fleet, typed.slice(option.length))).map((word) => ({
          word,
          description: '',
        }));
  const shown = candidates
    .map(({ word, description }) => ({ word: `${option}${word}`, description }))
    .filter(({ word }) => word.startsWith(typed))
    .map(({ word, description }) => `${word} ${description}`.trimEnd());
  if (shown.length > 0) writeResult(lines(shown));
}
