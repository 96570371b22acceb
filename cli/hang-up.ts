import { fstatSync, readdirSync, readlinkSync } from 'node:fs';
import { nameOf, type ProcessEntry, readProcess } from '../agent/processes/process-table.js';

const lookEveryMs = 1_000;

/**
 * Tells when the ssh that a long-lived command was started through has gone. With a terminal the kernel says so by
 * SIGHUP; without one nobody does, and the command would stay behind, unread. So the sshd that we descend from is looked
 * at: whether it lives, and where we may see that, whether it still reads what we write.
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
    }, lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Whether somebody takes what we write: who sends it to a file, or to nowhere, means to leave us behind. */
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
