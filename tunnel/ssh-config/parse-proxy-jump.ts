import { type HopOptions, type NamedDestination, parseHop } from '../parse-destination.js';
import { readPort } from './values/check-forward.js';
import type { PortOf } from './values/read-services.js';

/** The most nested hops; more count as a circle, which OpenSSH would follow forever. */
export const MAX_HOPS = 16;

/** A jump host. */
export interface Hop {
  readonly destination: NamedDestination;
  /** The hops before it, in the form of ProxyJump. */
  readonly through?: string | undefined;
}

/**
 * The last hop of a ProxyJump list; the others are the hops of that one.
 * @throws TunnelError `bad-destination`
 */
export function lastHop(proxyJump: string, options: HopOptions): Hop {
  const comma = proxyJump.lastIndexOf(',');
  const destination = parseHop(proxyJump.slice(comma + 1).trim(), options);
  return comma < 0 ? { destination } : { destination, through: proxyJump.slice(0, comma) };
}

/** Whether OpenSSH accepts a text as a ProxyJump; {@link lastHop} says whether it is safe to use. */
export function isJumpList(text: string, { portOf }: HopOptions): boolean {
  return text.toLowerCase() === 'none' || text.split(',').every((hop) => isHop(hop, portOf));
}

function isHop(hop: string, portOf: PortOf): boolean {
  const isUri = hop.startsWith('ssh://');
  const plain = isUri ? hop.slice('ssh://'.length) : hop;
  const at = isUri ? plain.indexOf('@') : plain.lastIndexOf('@');
  const user = plain.slice(0, Math.max(0, at));
  if (at === 0 || (isUri && !isUriUser(user))) return false;
  const [, bracketed, bare, port = ''] =
    /^(?:(\[[^\]]*\])|([^:/[][^:/]*))(?::(.*))?$/s.exec(
      isUri ? plain.slice(at + 1).replace(/\/$/, '') : plain.slice(at + 1),
    ) ?? [];
  if (bracketed === undefined && bare === undefined) return false;
  if (isUri && !/^[a-z\d][\w.-]*$/i.test(bracketed?.slice(1, -1) ?? bare ?? '')) return false;
  return port === '' || (readPort(port, portOf) ?? 0) > 0;
}

/** Parameters may follow a semicolon. */
function isUriUser(user: string): boolean {
  return user === '' || /^(?:[^%;]|%[\da-f]{2})+(?:;|$)/i.test(user);
}
