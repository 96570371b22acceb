/** One statement of an ssh_config file. */
export interface ConfigLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In lower case. */
  readonly keyword: string;
  /** What follows the keyword, as written. */
  readonly rest: string;
}

/** A piece of a text, and what follows it; undefined when nothing is left. */
interface Cut {
  readonly token: string | undefined;
  readonly rest: string | undefined;
}

const WHITE_SPACE_BEFORE = /^[ \t\r\n]+/;

/** The statements of a file, without empty lines and comments. */
export function splitConfigLines(text: string, file: string): ConfigLine[] {
  return text.split('\n').flatMap((written, index): ConfigLine[] => {
    // As in C, a NUL ends a line.
    const line = withoutBlanksAtEnd(written.replace(/\0.*$/s, ''));
    const first = cutWord(line);
    const { token: keyword, rest = '' } = first.token === '' ? cutWord(first.rest) : first;
    if (!keyword || keyword.startsWith('#')) return [];
    const value = rest.replace(WHITE_SPACE_BEFORE, '');
    return [
      {
        file,
        line: index + 1,
        keyword: keyword.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
        rest: value,
      },
    ];
  });
}

function withoutBlanksAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n\f'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/**
 * Cuts off the part before white space or an equals sign, as OpenSSH reads keywords and the criteria of Match: double quotes
 * group, and one equals sign may follow a word.
 */
export function cutWord(text: string | undefined): Cut {
  const at = text?.search(/[ \t\r\n"=]/) ?? -1;
  if (text === undefined || at < 0) return { token: text, rest: undefined };
  const after = text.slice(at + 1);
  if (text.charAt(at) === '"') {
    const end = after.indexOf('"');
    if (end < 0) return { token: undefined, rest: undefined };
    return { token: text.slice(0, at) + after.slice(0, end), rest: trimmed(after.slice(end + 1)) };
  }
  const rest = trimmed(after);
  const hasEquals = text.charAt(at) !== '=' && rest.startsWith('=');
  return { token: text.slice(0, at), rest: hasEquals ? trimmed(rest.slice(1)) : rest };
}

function trimmed(text: string): string {
  return text.replace(WHITE_SPACE_BEFORE, '');
}

/**
 * Splits what follows a keyword into arguments as OpenSSH does: both kinds of quotes, a backslash before a quote, a
 * backslash or a space, and a comment from an argument that begins with `#`.
 *
 * @returns undefined when a quote is not closed
 */
export function splitArguments(rest: string): string[] | undefined {
  const found: string[] = [];
  let at = 0;
  for (;;) {
    while (/[ \t]/.test(rest.charAt(at))) at += 1;
    if (at >= rest.length || rest.charAt(at) === '#') return found;
    const argument = readArgument(rest, at);
    if (argument === undefined) return undefined;
    found.push(argument.value);
    at = argument.end;
  }
}

function readArgument(
  text: string,
  start: number,
): { readonly value: string; readonly end: number } | undefined {
  let value = '';
  let quote = '';
  let at = start;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    const isEscape = character === '\\' && (/['"\\]/.test(next) || (quote === '' && next === ' '));
    if (isEscape) {
      value += next;
      at += 1;
    } else if (quote === '' && /[ \t]/.test(character)) break;
    else if (quote === '' && /['"]/.test(character)) quote = character;
    else if (character === quote) quote = '';
    else value += character;
  }
  return quote === '' ? { value, end: at } : undefined;
}
