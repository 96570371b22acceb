import { DEPLOY_PREFIX } from '../keys.js';

export function payloadKey(id: number): string {
  return `${DEPLOY_PREFIX}${id}/payload`;
}

export function hashKey(id: number): string {
  return `${DEPLOY_PREFIX}${id}/hash`;
}

/**
 * No log comes so far: that is a deploy each second for 28 years. A key with a greater id was not written by who appends to the
 * log, and must not keep others from it. (That ids follow each other does not tell: an entry may have been deleted.)
 */
export const MOST_DEPLOYS = 900_000_000;

/** Undefined for a key that is none of the log: other programs may keep theirs beside it. */
export function parseDeployKey(key: string): { id: number; part: 'payload' | 'hash' } | undefined {
  const match = /^\/deploy\/([1-9][0-9]{0,8})\/(payload|hash)$/.exec(key);
  const id = Number(match?.[1]);
  if (match === null || id > MOST_DEPLOYS) return undefined;
  return { id, part: match[2] === 'hash' ? 'hash' : 'payload' };
}

/** The largest id of a payload; 0 when there is none. */
export function maxDeployId(keys: Iterable<{ readonly key: string }>): number {
  let max = 0;
  for (const { key } of keys) {
    const found = parseDeployKey(key);
    if (found?.part === 'payload') max = Math.max(max, found.id);
  }
  return max;
}
