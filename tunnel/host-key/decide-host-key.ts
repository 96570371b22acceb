import type { Destination } from '../parse-destination.js';
import type { ResolvedDestination, StrictHostKeyChecking } from '../ssh-config/resolved-destination.js';
import type { HostKeyPin } from './host-key-pin.js';
import type { KnownHost, KnownHostsLine } from './known-hosts.js';

/** What a host's key is compared with. */
export interface HostKeyTrust {
  readonly destination: Destination & {
    readonly alias?: string | undefined;
    readonly strictHostKeyChecking?: StrictHostKeyChecking | undefined;
    readonly isJump?: boolean | undefined;
  };
  /** The only keys to accept, at least one; undefined without pins. */
  readonly pins?: readonly HostKeyPin[] | undefined;
  readonly known: KnownHost;
  /** Searches all files for a key, under any host's name. */
  readonly linesWith?: ((key: Buffer) => Promise<readonly KnownHostsLine[]>) | undefined;
}

/** The facts that decide on a host key. */
export interface HostKeyFacts {
  /** Whether a `@revoked` line has the key, under the host's name or its bare name. */
  readonly isRevoked: boolean;
  /** The only keys to accept, if there are any. */
  readonly pin: Comparison;
  /** Plain keys known for the host: `[host]:port`, or just `host` for port 22. */
  readonly named: Comparison;
  /** Plain keys known for `host` without the port; none for port 22. */
  readonly bare: Comparison;
}

/** How the presented key compares with some keys: there are none, it is one of them, or all differ (whatever their types). */
export type Comparison = 'none' | 'this' | 'others';

export type HostKeyDecision = 'accepted' | 'revoked' | 'not the pin' | 'changed' | 'unknown';

/** The first row that matches decides. */
const TABLE: readonly (Partial<HostKeyFacts> & { readonly decision: HostKeyDecision })[] = [
  { isRevoked: true, decision: 'revoked' },
  { pin: 'this', decision: 'accepted' },
  { pin: 'others', decision: 'not the pin' },
  { named: 'this', decision: 'accepted' },
  // An interceptor chooses the type of key that is presented, so a key of a new type is a change too.
  { named: 'others', decision: 'changed' },
  { bare: 'this', decision: 'accepted' },
  { decision: 'unknown' },
];

/** Decides on a host key by OpenSSH's rules, except that a revocation under the bare name always counts. */
export function decideHostKey(facts: HostKeyFacts): HostKeyDecision {
  const row = TABLE.find(
    ({ isRevoked = facts.isRevoked, pin = facts.pin, named = facts.named, bare = facts.bare }) =>
      isRevoked === facts.isRevoked && pin === facts.pin && named === facts.named && bare === facts.bare,
  );
  return row?.decision ?? 'unknown';
}

/** What to do about an unknown key. */
export type UnknownKeyAction = 'refuse' | 'ask' | 'accept and store';

/**
 * What to do about an unknown key, by StrictHostKeyChecking.
 * @param canStore whether there is a file for new keys and a name to store them under; otherwise none is accepted
 */
export function actionForUnknownKey({
  strictness,
  canStore,
  canAsk,
}: {
  readonly strictness: StrictHostKeyChecking;
  readonly canStore: boolean;
  readonly canAsk: boolean;
}): UnknownKeyAction {
  if (!canStore || strictness === 'yes') return 'refuse';
  if (strictness === 'accept-new') return 'accept and store';
  return canAsk ? 'ask' : 'refuse';
}

/** Whether a new key of a host can be stored: there is a file for it, and the line would match only this host. */
export function canStoreHostKey(destination: ResolvedDestination): boolean {
  const { host, hostKeyAlias = host, knownHostsFiles, storesHostKeys = true } = destination;
  return storesHostKeys && knownHostsFiles.length > 0 && isStorableName(hostKeyAlias);
}

/** Whether a line for this name would match only this host. OpenSSH does not store host names with these either. */
function isStorableName(host: string): boolean {
  return !/[@?*#[\]|'"\\,!\s]|\p{Cc}/u.test(host);
}
