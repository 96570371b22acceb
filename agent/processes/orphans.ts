import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Log } from '../../world/without-ssh.js';
import { instanceIdOf } from '../prefix/instance-id.js';
import { Cgroup } from './cgroup.js';
import { killAll } from './kill-processes.js';
import { isMarked, listProcesses, nameOf, type ProcessIdentity } from './process-table.js';
import { type ProcessTreeCriteria, processTreeOf } from './process-tree.js';

/** The variables that mark what an agent has started. */
export const APP_MARK = 'HAWSER_APP';
export const SERVER_MARK = 'HAWSER_SERVER';

const recordSchema = z.object({
  boot: z.string(),
  controlGroup: z.string().optional(),
  root: z.object({ pid: z.number().int().positive(), startTime: z.string() }).optional(),
});

/** Where an app is. */
export interface AppLocation {
  readonly root?: ProcessIdentity | undefined;
  readonly cgroup: Cgroup | undefined;
}

/** What the processes of the agents on one prefix are marked with, and where the last app is noted. */
export class ProcessMark {
  /** Tells this prefix from all others, on this machine and on any. */
  readonly value: string;
  readonly #prefix: string;

  private constructor(prefix: string, value: string) {
    this.#prefix = prefix;
    this.value = value;
  }

  /** @throws AgentError `invalid` when the prefix cannot be made or written. */
  static async of(prefix: string): Promise<ProcessMark> {
    const identity = `${await instanceIdOf(prefix)}\0${prefix}`;
    return new ProcessMark(prefix, createHash('sha256').update(identity).digest('hex').slice(0, 32));
  }

  /** The control group of the apps on this prefix; undefined where none can be made. */
  cgroup(): Cgroup | undefined {
    return Cgroup.make(this.#groupName);
  }

  /** Notes where the app is, for the agent that comes after us if we are killed. */
  record({ root, cgroup }: AppLocation, log: Log): void {
    const record = {
      boot: bootId(),
      ...(cgroup === undefined ? {} : { controlGroup: cgroup.folder }),
      ...(root === undefined ? {} : { root: { pid: root.pid, startTime: root.startTime } }),
    };
    const partial = `${this.#recordFile}.part`;
    try {
      rmSync(partial, { force: true });
      writeFileSync(partial, `${JSON.stringify(record)}\n`, { mode: 0o600, flag: 'wx' });
      renameSync(partial, this.#recordFile);
    } catch (error) {
      // It is a second way to what the marks tell; the app is worth more.
      log('warn', `could not record where the app runs: ${(error as Error).message}`);
    }
  }

  /** Ends the apps, with all that they started, that agents which were killed have left on this prefix. It must be ours. */
  async killOrphanedApps(log: Log): Promise<void> {
    const record = this.#read();
    const groups = [record?.controlGroup, this.cgroup()?.folder].flatMap((folder) =>
      folder === undefined || path.basename(folder) !== this.#groupName ? [] : [new Cgroup(folder)],
    );
    const releases = path.join(this.#prefix, 'releases');
    await killOrphans(log, 'app', () => ({
      root: record?.root,
      isMarked: (pid) => isMarked(pid, `${APP_MARK}=${this.value}/`),
      // Its number may have become another session's since.
      isTrusted: (pid) => worksIn(pid, releases),
      inCgroup: new Set(groups.flatMap((group) => [...group.members()])),
    }));
  }

  /** Ends the etcd that an agent which was killed has left on this prefix. It must be ours. */
  async killOrphanedServer(log: Log): Promise<void> {
    const marked = `${SERVER_MARK}=${this.value}\0`;
    await killOrphans(log, 'etcd', () => ({
      root: undefined,
      isMarked: (pid) => isMarked(pid, marked),
      inCgroup: new Set(),
    }));
  }

  get #groupName(): string {
    return `hawser-app-${this.value.slice(0, 12)}`;
  }

  get #recordFile(): string {
    return path.join(this.#prefix, 'app.pid');
  }

  /** Pids of an earlier boot mean nothing. */
  #read(): z.infer<typeof recordSchema> | undefined {
    try {
      const record = recordSchema.parse(JSON.parse(readFileSync(this.#recordFile, 'utf8')));
      return record.boot === bootId() ? record : undefined;
    } catch {
      return undefined; // none yet, or spoilt: the marks are there as well
    }
  }
}

async function killOrphans(log: Log, what: string, criteria: () => ProcessTreeCriteria): Promise<void> {
  const find = () => processTreeOf(listProcesses(), criteria(), process.pid);
  const found = find().map(({ pid }) => `${pid} (${nameOf(pid)})`);
  if (found.length === 0) return;
  log('warn', `killing orphaned ${what} processes of an earlier agent: ${found.join(', ')}`);
  const left = await killAll(find);
  for (const { pid } of left) log('error', `process ${pid} (${nameOf(pid)}) could not be killed`);
}

function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`);
  } catch {
    return false; // gone, or another user's
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // no /proc: no pid will be found either
  }
}
