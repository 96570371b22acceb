import type { DeployEntry } from './deploy-entry.js';

/** The deploy's id in a release's name; NaN for any other name. */
export function idOf(name: string): number {
  const [, id] = /^([1-9]\d*)(-[0-9a-f]{8})?$/.exec(name) ?? [];
  return Number(id ?? Number.NaN);
}

/** What the release of a deploy may be called: by its number, unless a deploy of another fleet has that. */
export function namesOf({ id, digest }: DeployEntry): [string, string] {
  return [String(id), `${id}-${digest.slice(0, 8)}`];
}
