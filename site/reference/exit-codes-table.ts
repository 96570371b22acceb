import { errorCodesOf } from '../../cli/exit-codes.js';
import { EXIT_MEANINGS } from '../../cli/help/command-facts.js';
import { code, escapeText, table } from './markdown.js';

/** What each exit code means, and which errors end with it. */
export function exitCodesTable(): string {
  return table(
    ['exit code', 'meaning', 'codes of errors'],
    EXIT_MEANINGS.map(([exit, meaning]) => [
      code(String(exit)),
      escapeText(meaning),
      errorCodesOf(exit).map(code).join(', '),
    ]),
  );
}
