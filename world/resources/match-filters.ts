import type { ResFilter } from './exported-resources-api.js';
import type { ResourceId } from './resource-keys.js';
import { visiblePrefixes } from './resource-keys.js';

/** More ranges than these are not worth a transaction of their own. */
const MOST_RANGES = 64;

/** Whether any filter matches; none do when there are none. */
export function matchesAny(filters: readonly ResFilter[], { kind, name, from }: ResourceId): boolean {
  return filters.some(
    (filter) => matches(filter.kind, kind) && matches(filter.name, name) && matches(filter.host, from),
  );
}

/**
 * The prefixes that hold all that the host `to` may see and that the filters can match, none the beginning of
 * another. Where each filter names the host that exported, only those hosts' resources are read.
 */
export function rangesFor(to: string, filters: readonly ResFilter[]): readonly string[] {
  const visible = visiblePrefixes(to);
  const narrow = [...new Set(filters.map(narrowed))];
  if (narrow.includes('') || narrow.length * visible.length > MOST_RANGES) return visible;
  const outer = narrow.filter(
    (suffix) => !narrow.some((other) => other !== suffix && suffix.startsWith(other)),
  );
  return visible.flatMap((prefix) => outer.map((suffix) => `${prefix}${suffix}`));
}

/** What follows `/exported/$to/` in the keys that a filter can match, as far as it is known. */
function narrowed({ kind, name, host }: ResFilter): string {
  if (!host) return '';
  if (!kind) return `${host}/`;
  return name ? `${host}/${kind}/${name}` : `${host}/${kind}/`;
}

function matches(wanted: string | undefined, found: string): boolean {
  return wanted === undefined || wanted === '' || wanted === found;
}
