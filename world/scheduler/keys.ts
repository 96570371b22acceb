export { SCHEDULER_PATH as SCHEDULER_PREFIX } from '../constants.js';

/** The election of the host that decides. */
export const ELECTION = '/scheduler/election';

export const CANDIDATES = '/scheduler/hostname/';
export const DECISIONS = '/scheduler/schedule/';

export function candidateKey(hostname: string, namespace: string): string {
  return `${CANDIDATES}${hostname}/${namespace}`;
}

export function decisionKey(namespace: string): string {
  return `${DECISIONS}${namespace}`;
}

/** What a key under {@link SCHEDULER_PREFIX} is; `foreign` where it lies among ours and cannot be one of them. */
export type SchedulerKey =
  | { readonly kind: 'candidate'; readonly hostname: string; readonly namespace: string }
  | { readonly kind: 'decision'; readonly namespace: string }
  | { readonly kind: 'foreign' | 'other' };

export function parseSchedulerKey(key: string): SchedulerKey {
  if (key.startsWith(CANDIDATES)) {
    const [hostname = '', namespace = '', ...rest] = key.slice(CANDIDATES.length).split('/');
    const fits = hostname !== '' && !hostname.includes(',') && namespace !== '' && rest.length === 0;
    return fits ? { kind: 'candidate', hostname, namespace } : { kind: 'foreign' };
  }
  if (key.startsWith(DECISIONS)) {
    const namespace = key.slice(DECISIONS.length);
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
