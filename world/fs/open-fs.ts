import type { Log } from '../../base/log.js';
import type { Client } from '../client/client.js';
import { WorldError } from '../errors.js';
import { DEFAULT_METADATA_PREFIX, TREES_PREFIX } from '../keys.js';
import { EtcdStorage } from './storage/etcd-storage.js';
import { DEFAULT_PREFIXES, type FsPrefixes } from './storage/file-system-prefixes.js';
import { MemoryStorage } from './storage/memory-storage.js';
import { TreeStorage } from './storage/tree-storage.js';
import { Volume } from './volume.js';
import { VolumeFs } from './volume-fs.js';
import type { WorldFs } from './world-fs.js';

export const DEFAULT_FS_URI = 'etcdfs:///fs/shared';
export const MEMORY_FS_URI = 'memmapfs:///';

/** What a file-system URI refers to. */
export type FsLocation = { readonly kind: 'memory' } | { readonly kind: 'etcd'; readonly key: string };

/** @throws WorldError `invalid` for an unknown scheme, a host, a path that is empty or is not below the metadata prefix. */
export function parseFsUri(uri: string, metadataPrefix = DEFAULT_METADATA_PREFIX): FsLocation {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/i.exec(uri);
  const [, scheme = '', host, path = '', rest] = match ?? [];
  const refuse = (why: string): WorldError =>
    new WorldError(
      'invalid',
      `"${uri}" is not a valid file system: ${why}. Write a URI such as ${sharedIn(metadataPrefix)}.`,
    );
  if (match === null) throw refuse('it is not a URI');
  if (scheme !== 'etcdfs' && scheme !== 'memmapfs') {
    throw refuse(`its scheme is ${scheme}, not etcdfs or memmapfs`);
  }
  if (host !== '' || rest !== '')
    throw refuse('the scheme must be followed by three slashes, a path and nothing else');
  if (scheme === 'memmapfs') {
    if (path !== '/') throw refuse(`the file system in memory is ${MEMORY_FS_URI}`);
    return { kind: 'memory' };
  }
  const prefix = `${metadataPrefix}/`;
  if (!path.startsWith(prefix)) throw refuse(`its path does not start with ${prefix}`);
  const names = path.slice(prefix.length).split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))) {
    throw refuse('its name is empty or has an empty part');
  }
  return { kind: 'etcd', key: path };
}

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
