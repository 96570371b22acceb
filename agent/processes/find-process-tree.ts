import type { ProcessEntry, ProcessIdentity } from './process-table.js';

/** How to recognise the processes of one program, or of several. */
export interface ProcessTreeCriteria {
  /** The processes that were started; each leads its session and its process group. */
  readonly roots: readonly ProcessIdentity[];
  /** Whether a process has the app's mark in its environment. */
  readonly isMarked: (pid: number) => boolean;
  /** Whether to count a process that shares only the root's session or process group. Default: yes. */
  readonly isTrusted?: (pid: number) => boolean;
  /** The processes in the app's cgroup. */
  readonly inCgroup: ReadonlySet<number>;
}

/**
 * The processes of an app: the root, the members of its session, process group or cgroup, those with its mark, and
 * all descendants of these. A program would have to leave all of them to be missed.
 *
 * @param self this process; it and its ancestors never count, whatever they inherited.
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
  { roots, isMarked, isTrusted = () => true, inCgroup }: ProcessTreeCriteria,
  byPid: ReadonlyMap<number, ProcessEntry>,
): boolean {
  if (inCgroup.has(entry.pid) || isMarked(entry.pid)) return true;
  return roots.some((root) => belongsTo(entry, root, isTrusted, byPid));
}

function belongsTo(
  entry: ProcessEntry,
  root: ProcessIdentity,
  isTrusted: (pid: number) => boolean,
  byPid: ReadonlyMap<number, ProcessEntry>,
): boolean {
  if (entry.pid === root.pid) return entry.startTime === root.startTime;
  if (entry.session !== root.pid && entry.group !== root.pid) return false;
  // The kernel does not reuse a pid while it is a session's id. If the root's pid was reused, the session belongs to
  // another process.
  const leader = byPid.get(root.pid);
  return (leader === undefined || leader.startTime === root.startTime) && isTrusted(entry.pid);
}

/** A process and its ancestors. */
function selfAndAncestors(byPid: ReadonlyMap<number, ProcessEntry>, self: number): Set<number> {
  const found = new Set<number>();
  for (let pid = self; pid > 0 && !found.has(pid); pid = byPid.get(pid)?.parent ?? 0) found.add(pid);
  return found;
}
