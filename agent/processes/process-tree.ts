import type { ProcessEntry, ProcessIdentity } from './process-table.js';

/** What the processes of one app are known by. */
export interface ProcessTreeCriteria {
  /** The process that was started; it leads its session and its process group. */
  readonly root: ProcessIdentity | undefined;
  /** Whether a process carries the app's mark in its environment. */
  readonly isMarked: (pid: number) => boolean;
  /** Whether a process that has nothing but the root's session in common with it belongs to it. Default: it does. */
  readonly isTrusted?: (pid: number) => boolean;
  /** The processes of the app's control group. */
  readonly inCgroup: ReadonlySet<number>;
}

/**
 * The processes of an app: the one that was started, what is in its session, process group or control group, what
 * carries its mark, and all descendants of these. A program has to leave all of them to be overlooked.
 *
 * @param self This process, which with its ancestors is never counted, whatever it inherited.
 */
export function processTreeOf(
  all: readonly ProcessEntry[],
  criteria: ProcessTreeCriteria,
  self: number,
): ProcessEntry[] {
  const byPid = new Map(all.map((entry) => [entry.pid, entry]));
  const excluded = selfAndAncestors(byPid, self);
  const found = new Set<number>();
  for (const entry of all)
    if (!excluded.has(entry.pid) && isMember(entry, criteria, byPid)) found.add(entry.pid);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of all) {
      if (found.has(pid) || excluded.has(pid) || !found.has(parent)) continue;
      found.add(pid);
      grown = true;
    }
  }
  return all.filter(({ pid }) => found.has(pid));
}

function isMember(
  entry: ProcessEntry,
  { root, isMarked, isTrusted = () => true, inCgroup }: ProcessTreeCriteria,
  byPid: ReadonlyMap<number, ProcessEntry>,
): boolean {
  if (inCgroup.has(entry.pid) || isMarked(entry.pid)) return true;
  if (root === undefined) return false;
  if (entry.pid === root.pid) return entry.startTime === root.startTime;
  if (entry.session !== root.pid && entry.group !== root.pid) return false;
  // The kernel does not give a pid away while a session has it as its id; if the root's was, the session is another's.
  const leader = byPid.get(root.pid);
  return (leader === undefined || leader.startTime === root.startTime) && isTrusted(entry.pid);
}

/** A process and its ancestors. */
function selfAndAncestors(byPid: ReadonlyMap<number, ProcessEntry>, self: number): Set<number> {
  const found = new Set<number>();
  for (let pid = self; pid > 0 && !found.has(pid); pid = byPid.get(pid)?.parent ?? 0) found.add(pid);
  return found;
}
