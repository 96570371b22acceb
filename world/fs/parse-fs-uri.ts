import { WorldError } from '../errors.js';
import { DEFAULT_METADATA_PREFIX } from '../keys.js';
import { MEMORY_FS_URI, sharedIn } from './open-fs.js';

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
