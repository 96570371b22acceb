import { readFileSync } from 'node:fs';

/** Whether the terminal is ours: a job in the background that takes the keyboard is stopped. */
export function isInForeground(): boolean {
  try {
    const [group, foreground] = process.platform === 'linux' ? groupsOfProc() : groupsOfPs();
    return group === foreground;
  } catch {
    return true; // as it is mostly
  }
}

/** Fields 5 and 8 of proc(5); the name before them may hold anything. */
function groupsOfProc(): readonly string[] {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // ' S ppid pgrp session tty_nr tpgid': the first part is empty.
  const [, , , group = '', , , foreground = ''] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
  return [group, foreground];
}

function groupsOfPs(): readonly string[] {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const ps = execFileSync('/bin/ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { timeout: 1_000 });
  return ps.toString().trim().split(/\s+/);
}
