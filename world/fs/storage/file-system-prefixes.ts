import { z } from 'zod';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { readStoredJson } from '../../client/stored/read-json.js';
import type { TxnOp } from '../../client/txn/transaction.js';
import { WorldError } from '../../errors.js';
import {
  DEFAULT_METADATA_PREFIX,
  DEFAULT_STORAGE_PREFIX,
  FS_PLACES_PREFIX,
  TREES_PREFIX,
} from '../../keys.js';
import { isPlain } from '../../validate-names.js';
import { sha256 } from '../blocks/block-codec.js';
import { freeingKeys } from '../gc/freeing-protocol-keys.js';

/** Where file systems are kept, beneath the namespace: their superblocks, and the blocks that those name. */
export interface FsPrefixes {
  readonly metadataPrefix: string;
  readonly storagePrefix: string;
}

export const DEFAULT_PREFIXES: FsPrefixes = {
  metadataPrefix: DEFAULT_METADATA_PREFIX,
  storagePrefix: DEFAULT_STORAGE_PREFIX,
};
/** What else is kept beneath the namespace, by the first part of its key. */
const TAKEN: ReadonlySet<string> = new Set([
  ...['agents', 'chooser', 'converged', 'deploy', 'endpoints', 'exported', 'hawser', 'nominated', 'reports'],
  ...['scheduler', 'storage-committed', 'storage-freed', 'storage-writers', 'strings', 'volunteer'],
]);

const schema = z.object({ metadataPrefix: z.string(), storagePrefix: z.string() });

/** @throws WorldError `invalid` for a prefix that is not valid, with the option's name. */
export function toPrefixes(options: {
  readonly metadataPrefix?: string | undefined;
  readonly storagePrefix?: string | undefined;
}): FsPrefixes {
  const { metadataPrefix = DEFAULT_METADATA_PREFIX, storagePrefix = DEFAULT_STORAGE_PREFIX } = options;
  checkPrefix('metadataPrefix', metadataPrefix, DEFAULT_STORAGE_PREFIX);
  checkPrefix('storagePrefix', storagePrefix, DEFAULT_METADATA_PREFIX);
  if (overlap(metadataPrefix, TREES_PREFIX.slice(0, -1)) && metadataPrefix !== DEFAULT_METADATA_PREFIX)
    throw refused('metadataPrefix', metadataPrefix, 'it holds the trees of deploys');
  if (storagePrefix !== DEFAULT_STORAGE_PREFIX && overlap(storagePrefix, DEFAULT_STORAGE_PREFIX))
    throw refused('storagePrefix', storagePrefix, 'it holds the blocks of other file systems');
  const { freed, committed, writers } = freeingKeys(storagePrefix);
  if ([storagePrefix, freed, committed, writers.slice(0, -1)].some((key) => overlap(metadataPrefix, key)))
    throw refused('metadataPrefix', metadataPrefix, `it overlaps with the storagePrefix ${storagePrefix}`);
  return { metadataPrefix, storagePrefix };
}

function isSame(one: FsPrefixes, other: FsPrefixes): boolean {
  return one.metadataPrefix === other.metadataPrefix && one.storagePrefix === other.storagePrefix;
}

/** What a commit writes beside its superblock. */
export function registration(prefixes: FsPrefixes): TxnOp[] {
  if (isSame(prefixes, DEFAULT_PREFIXES)) return [];
  const value = JSON.stringify({
    metadataPrefix: prefixes.metadataPrefix,
    storagePrefix: prefixes.storagePrefix,
  });
  return [{ put: `${FS_PLACES_PREFIX}${sha256(value)}`, value }];
}

/** Every place that holds a file system, the default one first. @throws WorldError `invalid` for an entry that cannot be read. */
export async function listFsPrefixes(client: Pick<Client, 'list'>, call: CallOptions): Promise<FsPrefixes[]> {
  const { entries } = await client.list(FS_PLACES_PREFIX, call);
  const others = entries.map((entry) => {
    const prefixes = readStoredJson(schema, entry, undefined);
    if (prefixes !== undefined) return prefixes;
    const { key } = entry;
    const message = `The key ${key} cannot be read, so no block was freed: it should say where file systems are stored. Delete it if nothing needs it.`;
    throw new WorldError('invalid', message, { key });
  });
  return [DEFAULT_PREFIXES, ...others];
}

/** @param other where the other half is kept by default. */
function checkPrefix(option: string, prefix: string, other: string): void {
  const [first, ...parts] = prefix.split('/');
  const isPath = first === '' && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isPath || parts.length === 0 || !isPlain(prefix) || /[?#]/.test(prefix))
    throw refused(
      option,
      prefix,
      'it must start with a slash, must not end with one, and must not contain an empty part, "?" or "#"',
    );
  if (TAKEN.has(parts[0] ?? '') || overlap(prefix, other))
    throw refused(option, prefix, 'it is used for something else');
}

/** Whether one is the other or lies below it. */
function overlap(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

function refused(option: string, prefix: string, why: string): WorldError {
  return new WorldError('invalid', `${JSON.stringify(prefix)} is not a valid ${option}: ${why}.`);
}
