import { isStorable } from './client/stored/check-text.js';
import { MOST_DEPLOYS } from './deploys/deploy-keys.js';
import { WorldError } from './errors.js';

/** A key of a string; slashes are allowed anywhere, as in mgmt. @throws WorldError `invalid` */
export function checkKey(key: string): void {
  if (key === '' || key.includes('\0') || !isStorable(key)) {
    const message = `"${key}" is not a valid key: it must be non-empty text without a NUL.`;
    throw new WorldError('invalid', message, { key });
  }
}

/**
 * A hostname is one part of a key, so it has no slash; lists of hostnames are joined with commas; `*` means every
 * host. @throws WorldError `invalid`
 */
export function checkHostname(hostname: string): void {
  if (!isHostname(hostname)) {
    const message = `"${hostname}" is not a valid hostname: it must be non-empty, must not be "*" and must not contain a slash or a comma.`;
    throw new WorldError('invalid', message);
  }
}

export function isHostname(hostname: string): boolean {
  return hostname !== '' && hostname !== '*' && !/[/,]/.test(hostname) && isPlain(hostname);
}

/** What an exported resource is, such as `file`: one part of a key. @throws WorldError `invalid` */
export function checkResourceKind(kind: string): void {
  if (kind === '' || kind.includes('/') || !isPlain(kind)) {
    const message = `"${kind}" is not a valid resource kind: it must be non-empty and must not contain a slash.`;
    throw new WorldError('invalid', message);
  }
}

/** The name of an exported resource, which may hold slashes anywhere. @throws WorldError `invalid` */
export function checkResourceName(name: string): void {
  if (name === '' || !isPlain(name)) {
    const message = `"${name}" is not a valid resource name: it must be non-empty text.`;
    throw new WorldError('invalid', message);
  }
}

/** The id of an existing or coming deploy. @throws WorldError `invalid` */
export function checkDeployId(id: number): void {
  if (!Number.isSafeInteger(id) || id < 1 || id > MOST_DEPLOYS) {
    const message = `${id} is not a valid deploy id: ids are whole numbers from 1 to ${MOST_DEPLOYS}.`;
    throw new WorldError('invalid', message);
  }
}

/** Whether text can be part of a key. Bytes that are not text read as U+FFFD, so that character names nothing. */
export function isPlain(text: string): boolean {
  return !/[\0\uFFFD]/.test(text) && isStorable(text);
}

/** What every key of a fleet begins with: empty, or a path such as `/_mgmt`. @throws WorldError `invalid` */
export function checkNamespace(namespace: string): void {
  if (namespace === '' || /^(\/[^/]+)+$/.test(namespace)) return;
  const message = `"${namespace}" is not a valid namespace: it must be empty, or start with a slash and not end with one, e.g. /_mgmt.`;
  throw new WorldError('invalid', message);
}
