import type { Destination } from '../destination.js';
import type { ResolvedDestination, StrictHostKeyChecking } from '../ssh-config/resolved-destination.js';
import type { KnownHost, KnownHostsLine } from './known-hosts.js';
import type { HostKeyPin } from './pin.js';

/** What a host's key is measured against. */
export interface HostKeyTrust {
  readonly destination: Destination & {
    readonly alias?: string | undefined;
    readonly strictHostKeyChecking?: StrictHostKeyChecking | undefined;
    readonly isJump?: boolean | undefined;
  };
  readonly pin?: HostKeyPin | undefined;
  readonly known: KnownHost;
  /** Looks through all files for a key, whatever host it is of. */
  readonly linesWith?: ((key: Buffer) => Promise<readonly KnownHostsLine[]>) | undefined;
}

/** What is known by which a host key is judged. */
export interface HostKeyFacts {
  /** A `@revoked` line holds the key, under the host's name or its bare name. */
  readonly isRevoked: boolean;
  /** The only key to accept, if there is one. */
  readonly pin: Comparison;
  /** Plain keys known for the host: `[host]:port`, or just `host` for port 22. */
  readonly named: Comparison;
  /** Plain keys known for `host` without the port; none for port 22. */
  readonly bare: Comparison;
}

/** How the presented key stands to some keys: there are none, it is one of them, or all are others (of any type). */
export type Comparison = 'none' | 'this' | 'others';

export type HostKeyDecision = 'accepted' | 'revoked' | 'not the pin' | 'changed' | 'unknown';

/** The first row whose facts all hold counts. */
const TABLE: readonly (Partial<HostKeyFacts> & { readonly decision: HostKeyDecision })[] = [
  { isRevoked: true, decision: 'revoked' },
  { pin: 'this', decision: 'accepted' },
  { pin: 'others', decision: 'not the pin' },
  { named: 'this', decision: 'accepted' },
  // Whoever is in between chooses the type of key that is presented: one of a new type is a change too.
  { named: 'others', decision: 'changed' },
  { bare: 'this', decision: 'accepted' },
  { decision: 'unknown' },
];

/** What is to be thought of a host key: OpenSSH's rules, except that a revocation under the bare name always counts. */
export function decideHostKey(facts: HostKeyFacts): HostKeyDecision {
  const row = TABLE.find(
    ({ isRevoked = facts.isRevoked, pin = facts.pin, named = facts.named, bare = facts.bare }) =>
      isRevoked === facts.isRevoked && pin === facts.pin && named === facts.named && bare === facts.bare,
  );
  return row?.decision ?? 'unknown';
}

/** What to do with a key that is unknown. */
export type UnknownKeyAction = 'refuse' | 'ask' | 'accept and store';

/**
 * What to do about an unknown key, as StrictHostKeyChecking has it.
 * @param canStore whether there is a file for new keys, and a name to store them under: without, none is accepted
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

/** Whether a new key of a host can be stored: there is a file for it, and the line would speak of this host alone. */
export function canStoreHostKey(destination: ResolvedDestination): boolean {
  const { host, hostKeyAlias = host, knownHostsFiles, storesHostKeys = true } = destination;
  return storesHostKeys && knownHostsFiles.length > 0 && isStorableName(hostKeyAlias);
}

/** Whether a line for this name would speak of this host alone. OpenSSH does not store host names with these either. */
function isStorableName(host: string): boolean {
  return !/[@?*#[\]|'"\\,!\s]|\p{Cc}/u.test(host);
}
