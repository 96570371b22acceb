/** Where the deploy log is kept. */
export const DEPLOY_PREFIX = '/deploy/';

export function payloadKey(id: number): string {
  return `${DEPLOY_PREFIX}${id}/payload`;
}

export function hashKey(id: number): string {
  return `${DEPLOY_PREFIX}${id}/hash`;
}

/** Undefined for a key that is none of the log: other programs may keep theirs beside it. */
export function parseDeployKey(key: string): { id: number; part: 'payload' | 'hash' } | undefined {
  const match = /^\/deploy\/([1-9][0-9]{0,14})\/(payload|hash)$/.exec(key);
  if (match === null) return undefined;
  return { id: Number(match[1]), part: match[2] === 'hash' ? 'hash' : 'payload' };
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
