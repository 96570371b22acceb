import type { Log } from '../../base/log.js';
import type { Client } from '../client/client.js';
import { TREES_PREFIX } from '../keys.js';
import { TreeStorage } from './deploy-trees/tree-storage.js';
import { EtcdStorage } from './storage/etcd-storage.js';
import { DEFAULT_PREFIXES, type FsPrefixes } from './storage/file-system-prefixes.js';
import { MemoryStorage } from './storage/memory-storage.js';
import { Volume } from './volume.js';
import { VolumeFs } from './volume-fs.js';
import type { WorldFs } from './world-fs.js';

export const DEFAULT_FS_URI = 'etcdfs:///fs/shared';
export const MEMORY_FS_URI = 'memmapfs:///';

/** The URI of the default file system. */
export function sharedIn(metadataPrefix: string): string {
  return `etcdfs://${metadataPrefix}/shared`;
}

export interface EtcdFsOptions {
  /** Default {@link DEFAULT_PREFIXES}. */
  readonly prefixes?: FsPrefixes | undefined;
  readonly log?: Log | undefined;
  readonly quotaBytes?: number | undefined;
}

/** The file system whose superblock is at `key`. Nothing is read before it is used. */
export function openEtcdFs(client: Client, key: string, options: EtcdFsOptions = {}): WorldFs {
  const storage = key.startsWith(TREES_PREFIX)
    ? new TreeStorage(client, key.slice(TREES_PREFIX.length), { log: options.log })
    : new EtcdStorage(client, { ...options, key });
  return new VolumeFs(`etcdfs://${key}`, new Volume(storage));
}

/** A file system in the memory of this process. */
export function memoryFs(): WorldFs {
  return new VolumeFs(MEMORY_FS_URI, new Volume(new MemoryStorage()));
}
