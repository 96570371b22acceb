import { createHash } from 'node:crypto';
import { lstatSync, opendirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode } from './system-error-code.js';

/** How many names are checked: a crowded temporary directory must not delay the start. */
const MOST_NAMES = 5_000;
const MOST_REMOVED = 100;

/** Stands for the start time of a process if the system does not tell it. */
const UNKNOWN_START = '0';

const NAME = /^hawser-([0-9a-z]+)-([0-9a-z]+)-([0-9a-z]{6})-[A-Za-z0-9]{6}$/;

let own: string | undefined;

/**
 * The prefix of the names of this process's directories: its pid and start time, which together are unique, and the boot and pid
 * namespace in which they are valid.
 */
export function ownedName(): string {
  own ??= `hawser-${process.pid.toString(36)}-${startOf('self') ?? UNKNOWN_START}-${pidSpace()}-`;
  return own;
}

/**
 * Removes directories in `base` that dead processes of this user left. It leaves alone what another user owns or may enter,
 * links, and directories of processes of another container or boot, which may be alive.
 */
export function removeOrphanedFolders(base: string): void {
  let removed = 0;
  for (const name of namesIn(base)) {
    if (!isOrphan(base, name)) continue;
    try {
      rmSync(join(base, name), { recursive: true, force: true });
    } catch {
      // Another process is removing it, or something still writes there: the next run tries again.
    }
    removed += 1;
    if (removed === MOST_REMOVED) return;
  }
}

function isOrphan(base: string, name: string): boolean {
  const [, pid = '', start = '', space = ''] = NAME.exec(name) ?? [];
  if (pid === '' || space !== pidSpace()) return false;
  try {
    if (!isDead(Number.parseInt(pid, 36), start)) return false;
    const stats = lstatSync(join(base, name));
    return stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o777) === 0o700;
  } catch {
    // It is gone already, or it is unknown whether its process is alive.
    return false;
  }
}

function* namesIn(base: string): Generator<string> {
  const folder = opendirSync(base, { bufferSize: 256 });
  try {
    for (let count = 0; count < MOST_NAMES; count += 1) {
      const entry = folder.readSync();
      if (entry === null) return;
      if (entry.name.startsWith('hawser-')) yield entry.name;
    }
  } finally {
    folder.closeSync();
  }
}

function isDead(pid: number, start: string): boolean {
  if (start !== UNKNOWN_START) return startOf(pid) !== start;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}

/**
 * When a process started, in ticks since boot (proc(5), field 22); undefined for a process that does not exist or has ended.
 * @throws Error when that is unknown
 */
function startOf(pid: number | 'self'): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String(errorCode(error)))) return undefined;
    throw error;
  }
  // The program's name, in parentheses, may contain anything.
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : Number(fields[18]).toString(36);
}

let space: string | undefined;

/** Six letters for the boot and the pid and time namespaces, within which a pid and a start time identify a process. */
function pidSpace(): string {
  space ??= createHash('sha256')
    .update(`${bootId()} ${namespace('pid')} ${namespace('time')}`)
    .digest()
    .readUIntBE(0, 6)
    .toString(36)
    .padStart(6, '0')
    .slice(-6);
  return space;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
  } catch {
    return hostname();
  }
}

function namespace(kind: 'pid' | 'time'): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return '';
  }
}
