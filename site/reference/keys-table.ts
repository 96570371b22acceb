import { code, table } from './markdown.js';

/** A constant of `world/keys.ts`, with what its comment says. */
interface DocumentedKey {
  readonly name: string;
  /** In Markdown, on one line. */
  readonly comment: string;
}

/**
 * The keys in etcd, as the comments of `world/keys.ts` describe them.
 * @param source the text of that file
 * @param values what it exports
 */
export function keysTable(source: string, values: Readonly<Record<string, unknown>>): string {
  const rows = documentedKeys(source).map(({ name, comment }) => {
    const [, key, meaning] = /^(`\/[^`]*`): (.*)$/.exec(comment) ?? [];
    const value = values[name];
    if (typeof value !== 'string') throw new TypeError(`world/keys.ts has no text ${name}`);
    return key === undefined || meaning === undefined ? [code(value), comment] : [key, sentenceOf(meaning)];
  });
  return table(['key', 'what it holds'], rows);
}

function documentedKeys(source: string): DocumentedKey[] {
  const found = source.matchAll(/^\/\*\*((?:(?!\*\/).)*)\*\/\nexport const (\w+)/gms);
  return [...found].map(([, text = '', name = '']) => ({
    name,
    comment: text
      .replace(/^\s*\* ?/gm, '')
      .trim()
      .replace(/\s+/g, ' '),
  }));
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
