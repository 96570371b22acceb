import { type Destination, formatDestination } from '../../destination.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';

/** What connections to one SSH server taught us of it, for those that follow. */
export interface ServerQuirks {
  /** Probes that it answered. */
  readonly answers: Set<string>;
  /** Probes over which it ended a connection, and which it never answered. */
  readonly endsOver: Set<string>;
  /** Connections given up in a row for silence, none of whose probes was answered; more for one that said other things. */
  silences: number;
  /** It ended a connection over a session of which nothing was wanted. */
  endsOverSession: boolean;
  /** A connection to it outlived such a session: sessions are never to blame. */
  toleratesSessions: boolean;
  /** Connections that were lost in a row, soon, and without any session that could be to blame. */
  lossesWithoutSession: number;
}

/** Enough for the largest fleet; a process that meets more servers learns some of them again. */
const MAX_SERVERS = 4_096;

const known = new Map<string, ServerQuirks>();

/** What is known of a server, to be added to. It is the same for all connections that lead there in the same way. */
export function quirksOf(destination: ResolvedDestination): ServerQuirks {
  const key = keyOf(destination);
  const habits = known.get(key) ?? {
    answers: new Set<string>(),
    endsOver: new Set<string>(),
    silences: 0,
    endsOverSession: false,
    toleratesSessions: false,
    lossesWithoutSession: 0,
  };
  // The one used last is the last to be forgotten.
  known.delete(key);
  known.set(key, habits);
  for (const [oldest] of known) {
    if (known.size <= MAX_SERVERS) break;
    known.delete(oldest);
  }
  return habits;
}

function keyOf({ jumps, proxyCommand, ...destination }: ResolvedDestination): string {
  const way = [...jumps, destination].map((host: Destination) => formatDestination(host));
  return JSON.stringify([proxyCommand ?? null, ...way]);
}
