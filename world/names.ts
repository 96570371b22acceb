import { isStorable } from './client/stored/text.js';
import { MOST_DEPLOYS } from './deploys/keys.js';
import { WorldError } from './errors.js';

/** A key under which strings are kept, with slashes wherever; mgmt takes the same. @throws WorldError `invalid` */
export function checkKey(key: string): void {
  if (key === '' || key.includes('\0') || !isStorable(key)) {
    const message = `"${key}" cannot be a key: it must be text that is not empty and holds no NUL.`;
    throw new WorldError('invalid', message, { key });
  }
}

/**
 * A hostname is one part of a key, so it holds no slash; lists of hostnames are joined with commas; `*` stands for
 * every host. @throws WorldError `invalid`
 */
export function checkHostname(hostname: string): void {
  if (!isHostname(hostname)) {
    const message = `"${hostname}" cannot be a hostname: it must not be empty or "*", or hold a slash or a comma.`;
    throw new WorldError('invalid', message);
  }
}

export function isHostname(hostname: string): boolean {
  return hostname !== '' && hostname !== '*' && !/[/,]/.test(hostname) && isPlain(hostname);
}

/** What an exported resource is, such as `file`: one part of a key. @throws WorldError `invalid` */
export function checkResourceKind(kind: string): void {
  if (kind === '' || kind.includes('/') || !isPlain(kind)) {
    const message = `"${kind}" cannot be the kind of a resource: it must not be empty or hold a slash.`;
    throw new WorldError('invalid', message);
  }
}

/** The name of an exported resource, which may hold slashes anywhere. @throws WorldError `invalid` */
export function checkResourceName(name: string): void {
  if (name === '' || !isPlain(name)) {
    const message = `"${name}" cannot be the name of a resource: it must be text that is not empty.`;
    throw new WorldError('invalid', message);
  }
}

/** The id of an existing or coming deploy. @throws WorldError `invalid` */
export function checkDeployId(id: number): void {
  if (!Number.isSafeInteger(id) || id < 1 || id > MOST_DEPLOYS) {
    const message = `${id} cannot be the id of a deploy: ids are whole numbers from 1 to ${MOST_DEPLOYS}.`;
    throw new WorldError('invalid', message);
  }
}

/** Text that a key can hold. U+FFFD is what bytes that are no text read as, so it names nothing. */
export function isPlain(text: string): boolean {
  return !/[\0\uFFFD]/.test(text) && isStorable(text);
}

/** What every key of a fleet begins with: empty, or a path such as `/_mgmt`. @throws WorldError `invalid` */
export function checkNamespace(namespace: string): void {
  if (namespace === '' || /^(\/[^/]+)+$/.test(namespace)) return;
  const message = `"${namespace}" is not a valid namespace: it must be empty, or start with a slash and not end with one, e.g. /_mgmt.`;
  throw new WorldError('invalid', message);
}
