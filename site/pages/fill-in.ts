import type { Page } from './page.js';

const MARK = /^<!-- generated: ([a-z-]+) -->$/gm;

/**
 * Puts generated parts where pages have `<!-- generated: NAME -->`.
 * @throws Error if a page names a part that there is not, or no page has one that there is
 */
export function fillIn(pages: readonly Page[], parts: Readonly<Record<string, string>>): Page[] {
  const used = new Set<string>();
  const filled = pages.map(({ file, text }) => ({
    file,
    text: text.replace(MARK, (_, name: string) => {
      const part = parts[name];
      if (part === undefined) throw new Error(`${file} wants ${name}, which nothing generates.`);
      used.add(name);
      return part;
    }),
  }));
  const unused = Object.keys(parts).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`No page has a place for ${unused.join(', ')}.`);
  return filled;
}
