import path from 'node:path';
import type { Page } from './page.js';

/** An entry of the site's sidebar, as VitePress takes it. */
export interface SidebarItem {
  readonly text: string;
  readonly link?: string;
  readonly collapsed?: boolean;
  readonly items?: readonly SidebarItem[];
}

export const LIBRARY = 'reference/library';

/** The directories, in the order in which they are shown. */
const SECTIONS: readonly (readonly [folder: string, text: string])[] = [
  ['', 'Start'],
  ['how-to', 'How to'],
  ['explanation', 'How it works'],
  ['reference', 'Reference'],
  ['reference/commands', 'Commands'],
  [LIBRARY, 'Library'],
  ['examples', 'Examples'],
  ['examples/ci', 'Examples for CI'],
  ['project', 'The project'],
];

/**
 * Pages by their directories; within one, the first page, then in the order in which it links to them, then by title. Of the library only
 * the entry points: each has a list of what it exports.
 */
export function planSidebar(pages: readonly Page[]): SidebarItem[] {
  const first = pages.find(({ file }) => file === 'index.md')?.text ?? '';
  const linked = [...first.matchAll(/\]\((?:\.\/)?([^)#\s]+)/g)].map(([, target = '']) => target);
  const order = ['index.md', ...linked];
  const place = ({ file }: Page) => (order.includes(file) ? order.indexOf(file) : order.length);
  const byPlace = (a: Page, b: Page) => place(a) - place(b) || titleOf(a).localeCompare(titleOf(b));
  return SECTIONS.flatMap(([folder, text]) => {
    const items = pagesIn(folder, pages).sort(byPlace).map(itemOf);
    return items.length === 0 ? [] : [{ text, collapsed: folder.includes('/'), items }];
  });
}

function pagesIn(folder: string, pages: readonly Page[]): Page[] {
  if (folder === LIBRARY) return pages.filter(({ file }) => /\/hawser\/([^/]+\/)?index\.md$/.test(file));
  return pages.filter(({ file }) => path.dirname(file) === (folder === '' ? '.' : folder));
}

function itemOf(page: Page): SidebarItem {
  return { text: titleOf(page), link: `/${page.file.replace(/(^|(?<=\/))index\.md$|\.md$/, '')}` };
}

/** The heading of a page, without markup. */
function titleOf({ file, text }: Page): string {
  const [, title = path.basename(file, '.md')] = /^# (.*)$/m.exec(text) ?? [];
  return title.replaceAll('`', '').replace(/\\(.)/g, '$1');
}
