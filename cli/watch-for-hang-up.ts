import { fstatSync, readdirSync, readlinkSync } from 'node:fs';
import { nameOf, type ProcessEntry, readProcess } from '../agent/processes/process-table.js';

const CHECK_INTERVAL_MS = 1_000;

/**
 * Notices when the SSH session that a long-lived command was started through is gone. With a terminal the kernel sends
 * SIGHUP; without one nobody does, and the command would stay behind, unread. So the sshd that we descend from is
 * watched: whether it is alive and, where we may see that, whether it still reads our output.
 */
export function watchForHangUp(onHangUp: () => void): Disposable {
  const sshd = isHeard() ? nearestSshd() : undefined;
  const wasRead = sshd !== undefined && reads(sshd) === true;
  const isGone = ({ pid, startTime }: ProcessEntry): boolean =>
    readProcess(pid)?.startTime !== startTime || (wasRead && reads({ pid }) === false);
  const timer =
    sshd &&
    setInterval(() => {
      if (isGone(sshd)) onHangUp();
    }, CHECK_INTERVAL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Whether our output goes to a pipe: somebody who sends it to a file, or nowhere, means to leave us running. */
function isHeard(): boolean {
  try {
    const stdout = fstatSync(1);
    return stdout.isFIFO() || stdout.isSocket();
  } catch {
    return false; // closed from the start
  }
}

function nearestSshd(): ProcessEntry | undefined {
  for (let pid = process.ppid; pid > 1; ) {
    const entry = readProcess(pid);
    if (entry === undefined || /^(sshd|dropbear)/.test(nameOf(pid))) return entry;
    pid = entry.parent;
  }
  return undefined;
}

/** Whether a process has the pipe of our stdout open; undefined where we may not look. */
function reads({ pid }: { readonly pid: number }): boolean | undefined {
  try {
    const pipe = readlinkSync('/proc/self/fd/1');
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => linkOf(`${folder}/${fd}`) === pipe);
  } catch {
    return undefined;
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return ''; // closed meanwhile
  }
}
