import { CANDIDATES_PREFIX, DECISIONS_PREFIX, SCHEDULER_PATH } from '../keys.js';

export function candidateKey(hostname: string, namespace: string): string {
  return `${CANDIDATES_PREFIX}${hostname}/${namespace}`;
}

export function decisionKey(namespace: string): string {
  return `${DECISIONS_PREFIX}${namespace}`;
}

/** What a key under {@link SCHEDULER_PATH} is; `foreign` if it has one of the scheduler's prefixes but not its form. */
export type SchedulerKey =
  | { readonly kind: 'candidate'; readonly hostname: string; readonly namespace: string }
  | { readonly kind: 'decision'; readonly namespace: string }
  | { readonly kind: 'foreign' | 'other' };

export function parseSchedulerKey(key: string): SchedulerKey {
  if (key.startsWith(CANDIDATES_PREFIX)) {
    const [hostname = '', namespace = '', ...rest] = key.slice(CANDIDATES_PREFIX.length).split('/');
    const fits = hostname !== '' && !hostname.includes(',') && namespace !== '' && rest.length === 0;
    return fits ? { kind: 'candidate', hostname, namespace } : { kind: 'foreign' };
  }
  if (key.startsWith(DECISIONS_PREFIX)) {
    const namespace = key.slice(DECISIONS_PREFIX.length);
    return namespace === '' || namespace.includes('/')
      ? { kind: 'foreign' }
      : { kind: 'decision', namespace };
  }
  return { kind: 'other' };
}

/** The hosts of a stored decision, sorted. */
export function parseHosts(text: string): string[] {
  const hosts = text.split(',').map((hostname) => hostname.trim());
  return [...new Set(hosts)].filter((hostname) => hostname !== '').sort();
}
