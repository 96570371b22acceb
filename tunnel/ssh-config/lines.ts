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

/**
 * The statements of a file; empty lines and comments are passed over. White space is what OpenSSH takes for it: other
 * characters make a keyword that there is none of.
 */
export function readLines(text: string, file: string): ConfigLine[] {
  return text.split('\n').flatMap((whole, index): ConfigLine[] => {
    const written = withoutBlanksAtEnd(whole);
    if (/^[ \t]*(#|$)/.test(written)) return [];
    const statement = /^[ \t]*([^ \t\r="][^ \t\r="]*|"[^"]*")(?:[ \t]*=)?[ \t]*(.*)$/s.exec(written);
    const [, keyword = written, rest = ''] = statement ?? [];
    return [{ file, line: index + 1, keyword: keyword.replaceAll('"', '').toLowerCase(), rest }];
  });
}

function withoutBlanksAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\f'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
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
