import {
  CLUSTER_SIZE_PREFIX,
  DECISIONS_PREFIX,
  DEPLOY_PREFIX,
  EXPORTED_PREFIX,
  FLEET_KEY,
  HOSTS_PREFIX,
  NOMINATED_PREFIX,
  STRINGS_PREFIX,
} from '../../world/keys.js';
import { CliError } from '../errors.js';

/** What people and their deploys change; what agents say of themselves all the time is left out. */
const RECORDED: readonly string[] = [
  STRINGS_PREFIX,
  EXPORTED_PREFIX,
  DEPLOY_PREFIX,
  CLUSTER_SIZE_PREFIX,
  DECISIONS_PREFIX,
  NOMINATED_PREFIX,
  FLEET_KEY,
  HOSTS_PREFIX,
];

/** The keys that a person asks about. */
export interface SelectedKeys {
  /** None is a prefix of another. */
  readonly prefixes: readonly string[];
  readonly includes: (key: string) => boolean;
}

/**
 * @param name the key of a string or a string map; with a `*` at the end, what its key begins with; with a `/` at the
 * beginning, a prefix of keys in etcd, below the namespace. Default: all that people and deploys change.
 *
 * @throws CliError `usage` for an empty name, which a shell makes of a variable that is not set
 */
export function selectKeys(name?: string): SelectedKeys {
  if (name === undefined) return { prefixes: RECORDED, includes: () => true };
  if (name === '')
    throw new CliError('usage', 'The key is empty. Leave it out to see all that people and deploys change.');
  if (name.startsWith('/')) return { prefixes: [name], includes: () => true };
  const key = STRINGS_PREFIX + name.replace(/\*$/, '');
  const includes = (one: string) => name.endsWith('*') || one === key || one.startsWith(`${key}/`);
  return { prefixes: [key], includes };
}
