import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A page as it was built. */
interface BuiltPage {
  readonly links: readonly string[];
  /** Scripts, styles, pictures. */
  readonly loads: readonly string[];
  /** What can be linked to in it. */
  readonly anchors: ReadonlySet<string>;
}

/**
 * What a built site has that is not to be there, each as `page: link`: links that lead to no file of it, or to no place in
 * that file; links to elsewhere that are no links; and whatever a browser would load from elsewhere. Nothing is fetched.
 */
export function findBrokenLinks(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const pages = new Map(
    files
      .filter((file) => file.endsWith('.html'))
      .map((file) => [file, readPage(readFileSync(path.join(folder, file), 'utf8'))]),
  );
  return [...pages].flatMap(([file, { links, loads }]) => {
    const exists = (link: string) => leadsSomewhere(link, file, folder, pages);
    const broken = [
      ...links.filter((link) => !(isElsewhere(link) ? isWellFormed(link) : exists(link))),
      ...loads.filter((link) => !link.startsWith('data:') && (isElsewhere(link) || !exists(link))),
    ];
    return broken.map((link) => `${file}: ${link}`);
  });
}

function readPage(html: string): BuiltPage {
  const values = (pattern: RegExp) =>
    [...html.matchAll(pattern)].map(([, value = '']) => unescapeHtml(value));
  return {
    links: values(/<a\s[^>]*?\bhref="([^"]*)"/g),
    loads: [...values(/\ssrc="([^"]*)"/g), ...values(/<link\s[^>]*?\bhref="([^"]*)"/g)],
    anchors: new Set(values(/\sid="([^"]*)"/g)),
  };
}

function isElsewhere(link: string): boolean {
  return /^([a-z][a-z+.-]*:|\/\/)/i.test(link);
}

function isWellFormed(link: string): boolean {
  return URL.canParse(link) && /^(https|mailto):/.test(link);
}

function leadsSomewhere(
  link: string,
  file: string,
  folder: string,
  pages: ReadonlyMap<string, BuiltPage>,
): boolean {
  const [place = '', anchor = ''] = link.split('#');
  const target = place === '' ? file : targetOf(decodeURI(place), file);
  const page = pages.get(target);
  if (page === undefined) return existsSync(path.join(folder, target));
  return anchor === '' || page.anchors.has(decodeURIComponent(anchor));
}

function targetOf(place: string, file: string): string {
  const target = place.startsWith('/') ? place.slice(1) : path.posix.join(path.posix.dirname(file), place);
  if (target === '' || target.endsWith('/')) return `${target}index.html`;
  return path.posix.extname(target) === '' ? `${target}.html` : target;
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
