import { type HopOptions, type NamedDestination, parseHop } from '../destination.js';

/** How deep hops may lead through hops before we take it for a circle, which OpenSSH would follow for ever. */
export const MAX_HOPS = 16;

/** A host to go through. */
export interface Hop {
  readonly destination: NamedDestination;
  /** The hops before it, as ProxyJump writes them. */
  readonly through?: string;
}

/**
 * The last hop of a ProxyJump list, with what leads to it: the others are hops of that one.
 * @throws TunnelError `bad-destination`
 */
export function lastHop(proxyJump: string, options: HopOptions): Hop {
  const comma = proxyJump.lastIndexOf(',');
  const destination = parseHop(proxyJump.slice(comma + 1).trim(), options);
  return comma < 0 ? { destination } : { destination, through: proxyJump.slice(0, comma) };
}
