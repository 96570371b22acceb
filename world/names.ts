import { WorldError } from './errors.js';

/** A key under which strings are kept. It may hold slashes, inside. @throws WorldError `invalid` */
export function checkKey(key: string): void {
  if (key === '' || key.startsWith('/') || key.endsWith('/') || key.includes('\0')) {
    throw new WorldError(
      'invalid',
      `"${key}" cannot be a key: it must not be empty, or begin or end with a slash.`,
      {
        key,
      },
    );
  }
}

/** A hostname is the last part of a key, so it holds no slash. @throws WorldError `invalid` */
export function checkHostname(hostname: string): void {
  if (hostname === '' || hostname.includes('/') || hostname.includes('\0')) {
    throw new WorldError(
      'invalid',
      `"${hostname}" cannot be a hostname: it must not be empty or hold a slash.`,
    );
  }
}

/** The id of an existing or coming deploy. @throws WorldError `invalid` */
export function checkDeployId(id: number): void {
  if (!Number.isSafeInteger(id) || id < 1) {
    throw new WorldError('invalid', `${id} cannot be the id of a deploy: ids are whole numbers from 1.`);
  }
}
