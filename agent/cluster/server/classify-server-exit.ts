import type { ChildExit } from '../../processes/child-process.js';
import { extractFatalErrors, extractLogErrors } from './etcd/extract-log-errors.js';

/**
 * Why a server exited, as far as the reaction differs:
 * - `removed`: the cluster no longer lists it as a member; its data is useless.
 * - `disk-full`: nothing is lost; it can restart when there is space.
 * - `address-in-use`: another program listens on its address.
 * - `unequal-members`: its member list differs from the cluster's; fetch the list again.
 * - `corrupt`: its data cannot be read.
 * - `hung`: it ran but did not answer, so the watchdog killed it.
 * - `stopped`: the agent stopped it.
 */
export type ExitReason =
  | 'removed'
  | 'disk-full'
  | 'address-in-use'
  | 'unequal-members'
  | 'corrupt'
  | 'hung'
  | 'stopped'
  | 'other';

/** How a server exited and why. */
export interface ServerExit extends ChildExit {
  readonly why: ExitReason;
  /** The last relevant lines of etcd's log, for people. */
  readonly logTail: string;
}

/** What {@link classifyServerExit} classifies. */
export interface ExitEvidence {
  readonly exit: ChildExit;
  /** What the agent did to it. */
  readonly ended: 'stopped' | 'hung' | undefined;
  /** The last lines of its log. */
  readonly log: string;
  /** Free space on the file system of its data. */
  readonly freeBytes: number;
}

/** On a full disk, the log may lack the line that says so; etcd's database grows in larger steps than this. */
const FULL_BELOW_BYTES = 64 * 1024;

/** What etcd logs about its removal; 3.6 ends with code 1 then if it learns of it while it starts. */
const REMOVAL = /"msg":"server error","error":"the member has been permanently removed from the cluster"/;

/** In the words of etcd 3.4, 3.5 and 3.6. */
const EXIT_WORDS: readonly (readonly [ExitReason, RegExp])[] = [
  ['disk-full', /no space left on device|disk quota exceeded/],
  ['address-in-use', /address already in use/],
  ['unequal-members', /member count is unequal|error validating peerURLs|couldn't find local name/],
  [
    'corrupt',
    /invalid database|checksum error|crc mismatch|wrong wireType|proto: |unexpected fault address|SIGBUS|unexpected EOF|wal: |walpb: |snap: |failed to (read|open) WAL|failed to recover|failed to find database snapshot|page \d+ already freed|assertion failed/,
  ],
];

/** Classifies the exit of a server. */
export function classifyServerExit({ exit, ended, log, freeBytes }: ExitEvidence): ServerExit {
  return { ...exit, why: ended ?? reason(exit, log, freeBytes), logTail: extractLogErrors(log).join('\n') };
}

function reason(exit: ChildExit, log: string, freeBytes: number): ExitReason {
  // Nothing else ends with code 0 unless somebody asked it to.
  if (exit.code === 0 || REMOVAL.test(log)) return 'removed';
  const last = extractFatalErrors(log).join('\n');
  const said = EXIT_WORDS.find(([, pattern]) => pattern.test(last))?.[0];
  if (said === 'address-in-use' || said === 'unequal-members') return said;
  // A full disk can look like corrupt data, which must not be discarded for that.
  if (exit.code !== null && freeBytes < FULL_BELOW_BYTES) return 'disk-full';
  return said ?? 'other';
}
