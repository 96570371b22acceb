import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname as machineName } from 'node:os';
import { z } from 'zod';
import { userName } from '../../system/user-name.js';

/** Who changes a host or a fleet right now. */
export interface LockOwner {
  /** For people: `ann@laptop`. */
  readonly by: string;
  /** The command, such as `up`. */
  readonly command: string;
  /** Tells machines, and process namespaces of one machine, apart. */
  readonly machine: string;
  readonly pid: number;
  /** Tells two runs of one process apart. */
  readonly run: string;
}

const ownerSchema: z.ZodType<LockOwner> = z.object({
  by: z.string().max(200),
  command: z.string().max(50),
  machine: z.string().max(200),
  pid: z.int().min(1),
  run: z.string().max(50),
});

/** This process, as the owner of a lock. */
export function ourselves(command: string): LockOwner {
  const by = `${userName()}@${machineName()}`.slice(0, 200);
  const machine = `${machineName()} ${processNamespace()}`.slice(0, 200);
  return { by, command, machine, pid: process.pid, run: randomBytes(8).toString('hex') };
}

/** One line, as it is kept in a lock. */
export function formatOwner(owner: LockOwner): string {
  return JSON.stringify(owner);
}

/** Undefined for a text that is no owner, such as one of a later version. */
export function parseOwner(text: string): LockOwner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Whether an owner is certainly gone: a process of this machine that no longer runs. One of another machine is only known
 * to be gone when its lock was not renewed.
 */
export function hasEnded({ machine, pid }: LockOwner, us: LockOwner): boolean {
  if (machine !== us.machine || pid === us.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** A pid means the same process only within one namespace. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
