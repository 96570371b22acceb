import { readdirSync, readFileSync } from 'node:fs';

/** Identifies a process even if its pid is reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since boot, as in /proc; a string because it is only compared. */
  readonly startTime: string;
}

/** A running process. */
export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** The process with this pid; undefined if it is not running (zombies do not count) or /proc is missing. */
export function readProcess(pid: number): ProcessEntry | undefined {
  return parseStat(pid, readProc(`/proc/${pid}/stat`));
}

/** All running processes. */
export function listProcesses(): ProcessEntry[] {
  return pids().flatMap((pid) => readProcess(pid) ?? []);
}

/** Parses `/proc/PID/stat`; undefined for a zombie and for other text. */
export function parseStat(pid: number, stat: string): ProcessEntry | undefined {
  // The second field is the program's name in parentheses and may contain anything, including parentheses and spaces.
  const [state, parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = rest[15];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, startTime, parent: Number(parent), group: Number(group), session: Number(session) };
}

/** Whether a process has this environment variable: `NAME=` and the start of a value. */
export function isMarked(pid: number, marker: string): boolean {
  return `\0${readProc(`/proc/${pid}/environ`)}`.includes(`\0${marker}`);
}

/** The name of a process's program, for people; at most 15 bytes. */
export function nameOf(pid: number): string {
  return readProc(`/proc/${pid}/comm`).trim();
}

/** Signals exactly this process; false if it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (readProcess(identity.pid)?.startTime !== identity.startTime) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A process that runs as another user now cannot be signalled; the others still must be.
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return []; // no /proc: nothing is known about other processes
  }
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // gone meanwhile, or another user's
  }
}
