import { type Destination, formatDestination } from '../../parse-destination.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';

/** What earlier connections to an SSH server revealed about it. */
export interface ServerQuirks {
  /** The probes that it answered. */
  readonly answers: Set<string>;
  /** The probes because of which it dropped a connection, and which it never answered. */
  readonly endsOver: Set<string>;
  /** How many connections in a row were given up with no probe answered; a server that sent other things counts more. */
  silences: number;
  /** It dropped a connection because of the warm-up session. */
  endsOverSession: boolean;
  /** A connection to it outlived such a session, so sessions are never to blame. */
  toleratesSessions: boolean;
  /** How many connections in a row were lost early without any session that could be to blame. */
  lossesWithoutSession: number;
}

/** Enough for the largest fleet; with more servers, the oldest are learned again. */
const MAX_SERVERS = 4_096;

const known = new Map<string, ServerQuirks>();

/** What is known of a server, to be updated. It is shared by all connections that lead there by the same route. */
export function quirksOf(destination: ResolvedDestination): ServerQuirks {
  const key = keyOf(destination);
  const quirks = known.get(key) ?? {
    answers: new Set<string>(),
    endsOver: new Set<string>(),
    silences: 0,
    endsOverSession: false,
    toleratesSessions: false,
    lossesWithoutSession: 0,
  };
  // Least recently used first.
  known.delete(key);
  known.set(key, quirks);
  for (const [oldest] of known) {
    if (known.size <= MAX_SERVERS) break;
    known.delete(oldest);
  }
  return quirks;
}

function keyOf({ jumps, proxyCommand, ...destination }: ResolvedDestination): string {
  const way = [...jumps, destination].map((host: Destination) => formatDestination(host));
  return JSON.stringify([proxyCommand ?? null, ...way]);
}
