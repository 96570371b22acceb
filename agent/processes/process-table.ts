import { readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since boot, as /proc writes it; a string because it is only compared. */
  readonly startTime: string;
}

/** One living process. */
export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** The process with this pid; undefined when none lives (a zombie does not) or /proc is not there. */
export function readProcess(pid: number): ProcessEntry | undefined {
  return parseStat(pid, readProc(`/proc/${pid}/stat`));
}

/** All living processes. */
export function listProcesses(): ProcessEntry[] {
  return pids().flatMap((pid) => readProcess(pid) ?? []);
}

/** What `/proc/PID/stat` says; undefined for a zombie and for what is no such line. */
export function parseStat(pid: number, stat: string): ProcessEntry | undefined {
  // The second field is the program's name in brackets and may hold anything, brackets and spaces included.
  const [state, parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = rest[15];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, startTime, parent: Number(parent), group: Number(group), session: Number(session) };
}

/** Whether a process was started with this variable, `NAME=` and the beginning of a value. */
export function isMarked(pid: number, marker: string): boolean {
  return `\0${readProc(`/proc/${pid}/environ`)}`.includes(`\0${marker}`);
}

/** The name of a process's program, for people; at most 15 bytes. */
export function nameOf(pid: number): string {
  return readProc(`/proc/${pid}/comm`).trim();
}

/** Signals exactly this process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (readProcess(identity.pid)?.startTime !== identity.startTime) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // One that has taken another user's rights is not ours to end, and no reason to leave the others.
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return []; // no /proc here: nothing can be said of other processes
  }
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // gone meanwhile, or another user's
  }
}
