import type { Manifest } from '../../../world/deploys/manifest.js';

/** A setting of an app that differs between two deploys. */
export interface ManifestChange {
  /** Such as `processes.web.health.timeoutMs`. */
  readonly key: string;
  /** As JSON; undefined where it was not there, or is not there any more. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What differs between two manifests, sorted by key. Values of variables are left out: they may be secret. */
export function compareManifests(before: Manifest | undefined, after: Manifest): ManifestChange[] {
  const [old, next] = [flatten(before ?? {}), flatten(after)];
  return [...new Set([...old.keys(), ...next.keys()])]
    .filter((key) => old.get(key) !== next.get(key))
    .sort()
    .map((key) => ({ key, before: hide(key, old.get(key)), after: hide(key, next.get(key)) }));
}

const HIDDEN = '"…"';

function hide(key: string, value: string | undefined): string | undefined {
  return value === undefined || !/(^|\.)env\./.test(key) ? value : HIDDEN;
}

/** Each value by its place; lists are values. */
function flatten(value: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const place = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner))
      found.set(place, JSON.stringify(inner));
    else for (const [at, text] of flatten(inner, place)) found.set(at, text);
  }
  return found;
}
