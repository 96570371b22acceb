/** What a person writes for hosts: those of the fleet, and others. */
export interface HostsText {
  /** Names, globs and labels of the fleet, with commas between; undefined where none are named. */
  readonly selection: string | undefined;
  /** SSH destinations that need no fleet. */
  readonly destinations: readonly string[];
}

/** Tells SSH destinations (`user@host:port`, `host:port`, `ssh://…`) from names, globs and labels of a fleet's hosts. */
export function parseHosts(text: string): HostsText {
  const terms = text.split(',').map((term) => term.trim());
  const destinations = terms.filter(isDestination);
  const others = terms.filter((term) => !isDestination(term));
  return { selection: others.length === 0 ? undefined : others.join(','), destinations };
}

/** A label never has a colon or an @ before its sign, nor has a name. */
function isDestination(term: string): boolean {
  return /^ssh:\/\//i.test(term) || /^[^=]*[@:]/.test(term);
}
