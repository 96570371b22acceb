import { EXPORTED_PREFIX } from '../keys.js';
import {
  checkHostname,
  checkResourceKind,
  checkResourceName,
  isHostname,
  isPlain,
} from '../validate-names.js';
import type { ResDelete } from './exported-resources-api.js';

/** Stands for every host where a key says whom a resource is for. */
const EVERY_HOST = '*';

/** Whose a stored resource is and what it is called. */
export interface ResourceId {
  /** The host that exported it. */
  readonly from: string;
  readonly kind: string;
  readonly name: string;
}

/** Where the host `from` keeps a resource. @throws WorldError `invalid` for a kind, name or host that is not valid. */
export function resourceKey(from: string, { kind, name, host }: ResDelete): string {
  checkResourceKind(kind);
  checkResourceName(name);
  if (host !== undefined && host !== '' && host !== EVERY_HOST) checkHostname(host);
  return `${EXPORTED_PREFIX}${host || EVERY_HOST}/${from}/${kind}/${name}`;
}

/** Everything that the host `to` may see: what is exported to it or to every host. */
export function visiblePrefixes(to: string): readonly [string, string] {
  return [`${EXPORTED_PREFIX}${to}/`, `${EXPORTED_PREFIX}${EVERY_HOST}/`];
}

/** Undefined for a key that is none of a resource. */
export function parseResourceKey(key: string): ResourceId | undefined {
  const match = /^\/exported\/([^/]+)\/([^/]+)\/([^/]+)\/(.+)$/s.exec(key);
  if (match === null) return undefined;
  const [, to = '', from = '', kind = '', name = ''] = match;
  if (to !== EVERY_HOST && !isHostname(to)) return undefined;
  return isHostname(from) && isPlain(kind) && isPlain(name) ? { from, kind, name } : undefined;
}
