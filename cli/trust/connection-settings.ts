import { APP_KEYS } from '../manifest/parse-hawser-yaml.js';

/** A key of a config that says whom we talk to, as whom, or what runs here for it. */
export interface ConnectionKey {
  /** As it stands in the file; within a mapping with the mapping's name before it, such as `tls.cert`. */
  readonly key: string;
  readonly values: readonly string[];
}

/** Keys whose values are files, which count with what is in them where they lie in the directory itself. */
const FILE_KEYS: readonly string[] = [
  'ssh-id',
  'ssh-known-hosts',
  'tls.cacert',
  'tls.cert',
  'tls.key',
  'password-file',
];

/**
 * The connection keys of a config that was found to be right, sorted. Whatever is not known to be an app's key is one, so
 * that a key that is added later is guarded from its first day.
 */
export function connectionKeysOf(value: unknown): ConnectionKey[] {
  return Object.entries(value ?? {})
    .filter(([key]) => !APP_KEYS.includes(key))
    .flatMap(([key, found]) => flatten(key, found))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The files that the keys name, as they are written. */
export function filesNamedBy(keys: readonly ConnectionKey[]): string[] {
  return keys.filter(({ key }) => FILE_KEYS.includes(key)).flatMap(({ values }) => values);
}

function flatten(key: string, value: unknown): ConnectionKey[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([inner, found]) => flatten(`${key}.${inner}`, found));
  }
  return [{ key, values: [value].flat().map(String) }];
}
