import {
  type KnownHostsLine,
  lookUpHost,
  namesOfHost,
  parseKnownHosts,
} from '../../../tunnel/host-key/known-hosts.js';
import { readHostKeyTrust } from '../../../tunnel/host-key/read-host-key-trust.js';
import { type ResolveOptions, resolveDestination } from '../../../tunnel/ssh-config/resolve-destination.js';
import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import { destinationOf, type FleetHost } from './fleet.js';

/** An alias applies to the host on any port. */
const PORT_OF_ALIAS = 22;

/** What a fleet file says of logging in to one of its hosts. */
export type HostLogin = Pick<FleetHost, 'ssh' | 'user' | 'jump' | 'hostKeys'>;

/**
 * Finds out everything needed to log in to a host of a fleet: what ssh_config says, and as the only host keys to accept
 * those of the fleet file. A key in `options.flags` wins over these. An abort rejects with `signal.reason`.
 *
 * @param jumpKeys the lines of `known-hosts` in the fleet file
 * @throws TunnelError `bad-destination`
 */
export async function resolveFleetHost(
  host: HostLogin,
  jumpKeys: readonly string[],
  options: ResolveOptions = {},
): Promise<ResolvedDestination> {
  const { hostKey: keyOfCaller, ...flags } = options.flags ?? {};
  const found = await resolveDestination(destinationOf(host), { ...options, flags });
  const through =
    host.jump === undefined ? undefined : await resolveDestination(host.jump, { ...options, flags });
  const hostKey = keyOfCaller ?? (host.hostKeys.length === 0 ? undefined : host.hostKeys.join(','));
  return pinRoute({ ...(through === undefined ? found : behind(found, through)), hostKey }, jumpKeys);
}

/**
 * Pins the keys of those hosts on a route that `lines`, as in known_hosts, name: the destination and its jump hosts. A host
 * with pins keeps them.
 */
export function pinRoute(destination: ResolvedDestination, lines: readonly string[]): ResolvedDestination {
  if (lines.length === 0) return destination;
  const parsed = parseKnownHosts(lines.join('\n'), '');
  const pin = (host: ResolvedDestination): ResolvedDestination => {
    const keys = host.hostKey === undefined ? keysOf(host, parsed) : [];
    return keys.length === 0 ? host : { ...host, hostKey: keys.map(formatKey).join(',') };
  };
  return { ...pin(destination), jumps: destination.jumps.map(pin) };
}

/**
 * The host keys of the jump hosts on the route to a host that was connected to, as lines for `known-hosts` in the fleet file:
 * those that a person's known_hosts files have, and pins.
 */
export async function readJumpKeys(
  { jumps }: ResolvedDestination,
  { signal }: { readonly signal: AbortSignal },
): Promise<string[]> {
  const lines = await Promise.all(
    jumps.map(async (jump) => {
      const { known, pins = [] } = await readHostKeyTrust(jump, { signal });
      const [name = ''] = namesOfHost(jump.host, jump.port);
      const names = jump.hostKeyAlias === undefined ? name : `${name},${jump.hostKeyAlias.toLowerCase()}`;
      const found = known.keys.length > 0 ? known.keys : known.keysWithoutPort;
      const pinned = pins.flatMap((pin) => (pin.kind === 'key' ? [pin] : []));
      const keys = pinned.length > 0 ? pinned : found.filter(({ isCertificate }) => !isCertificate);
      return keys
        .filter(({ key }) => !known.revoked.some((line) => line.key.equals(key)))
        .map((one) => `${names} ${formatKey(one)}`);
    }),
  );
  return [...new Set(lines.flat())];
}

function behind(destination: ResolvedDestination, through: ResolvedDestination): ResolvedDestination {
  const { jumps, ...last } = through;
  const { proxyCommand: _, ...direct } = destination;
  const reasons = through.needsOpenSsh.map((reason) => `${reason} for ${through.alias}`);
  return {
    ...direct,
    jumps: [...jumps, { ...last, isJump: true, jumps: [] }],
    needsOpenSsh: [...destination.needsOpenSsh, ...reasons],
  };
}

function keysOf(
  { host, port, hostKeyAlias }: ResolvedDestination,
  lines: readonly KnownHostsLine[],
): readonly KnownHostsLine[] {
  const own = lookUpHost(lines, host, port);
  const named = own.keys.length > 0 ? own.keys : own.keysWithoutPort;
  if (named.length > 0 || hostKeyAlias === undefined) return named;
  return lookUpHost(lines, hostKeyAlias, PORT_OF_ALIAS).keys;
}

function formatKey({ type, key }: { readonly type: string; readonly key: Buffer }): string {
  return `${type} ${key.toString('base64')}`;
}
