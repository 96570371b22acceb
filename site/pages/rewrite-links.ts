import path from 'node:path';

/** Where files of the project are in the site. */
export type Places = ReadonlyMap<string, string>;

const { posix } = path;

/**
 * A page with its links as they are in the site; code is left alone.
 * @param source the page's path in the project
 * @throws Error for a link to a file that the site has not
 */
export function rewriteLinks(text: string, source: string, places: Places): string {
  const own = places.get(source) ?? source;
  return outsideCode(text, (prose) =>
    prose.replace(/(\]\()([^)\s]+)((?: "[^"]*")?\))/g, (_, before: string, target: string, after: string) => {
      return `${before}${newTarget(target, source, own, places)}${after}`;
    }),
  );
}

function newTarget(target: string, source: string, own: string, places: Places): string {
  if (/^([a-z]+:|#)/.test(target)) return target;
  const [file = '', anchor] = target.split('#');
  const wanted = posix.join(posix.dirname(source), file).replace(/\/$/, '');
  // What pages show is copied along with them.
  const place = isAsset(wanted) ? wanted.replace(/^docs\//, '') : places.get(wanted);
  if (place === undefined) throw new Error(`${source} links to ${target}, which is no page of the site.`);
  const relative = posix.relative(posix.dirname(own), place);
  return `${relative.startsWith('.') ? relative : `./${relative}`}${anchor === undefined ? '' : `#${anchor}`}`;
}

function isAsset(file: string): boolean {
  return /^docs\/.*\.(svg|png)$/.test(file);
}

/** Changes what is neither in a block of code nor in backticks. */
function outsideCode(text: string, change: (prose: string) => string): string {
  return text
    .split(/(^(?:```|~~~)[^\n]*\n[\s\S]*?^(?:```|~~~)[ \t]*$|`+[^`\n]+`+)/m)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}
