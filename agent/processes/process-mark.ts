import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Log } from '../../world/internal.js';
import { prefixInstanceId } from '../prefix/prefix-instance-id.js';
import { Cgroup } from './cgroup.js';
import { type ProcessTreeCriteria, processTreeOf } from './find-process-tree.js';
import { killAll } from './kill-processes.js';
import { isMarked, listProcesses, nameOf, type ProcessIdentity } from './process-table.js';

/** The environment variables that mark processes started by an agent. */
export const APP_MARK = 'HAWSER_MARK';
export const SERVER_MARK = 'HAWSER_SERVER';

const recordSchema = z.object({
  boot: z.string(),
  controlGroup: z.string().optional(),
  roots: z.array(z.object({ pid: z.number().int().positive(), startTime: z.string() })),
});

/** The mark of the processes that agents on one prefix have started, and the record of what runs. */
export class ProcessMark {
  /** Unique to this prefix, on this machine and on any other. */
  readonly value: string;
  readonly #prefix: string;
  readonly #roots = new Map<string, ProcessIdentity>();

  private constructor(prefix: string, value: string) {
    this.#prefix = prefix;
    this.value = value;
  }

  /** @throws AgentError `invalid` if the prefix cannot be created or written. */
  static async of(prefix: string): Promise<ProcessMark> {
    const identity = `${await prefixInstanceId(prefix)}\0${prefix}`;
    return new ProcessMark(prefix, createHash('sha256').update(identity).digest('hex').slice(0, 32));
  }

  /** The cgroup of one program of an app on this prefix; undefined if none can be created. */
  cgroup(name: string): Cgroup | undefined {
    return Cgroup.make(path.join(this.#groupName, name));
  }

  /** The value of the variable that marks a program of an app, and all that it starts. */
  markOf(name: string): string {
    return `${APP_MARK}=${this.value}/${name}`;
  }

  /**
   * Records that a program of an app is started, or has ended (`root` undefined), for the next agent if this one is
   * killed.
   */
  record(name: string, root: ProcessIdentity | undefined, log: Log): void {
    if (root === undefined) this.#roots.delete(name);
    else this.#roots.set(name, { pid: root.pid, startTime: root.startTime });
    const group = Cgroup.make(this.#groupName);
    const record = {
      boot: bootId(),
      ...(group === undefined ? {} : { controlGroup: group.folder }),
      roots: [...this.#roots.values()],
    };
    const partial = `${this.#recordFile}.part`;
    try {
      rmSync(partial, { force: true });
      writeFileSync(partial, `${JSON.stringify(record)}\n`, { mode: 0o600, flag: 'wx' });
      renameSync(partial, this.#recordFile);
    } catch (error) {
      // The record only supplements the marks; the apps matter more.
      log('warn', `could not record where the apps run: ${(error as Error).message}`);
    }
  }

  /**
   * Kills apps, and everything they started, that killed agents have left on this prefix. Call it while holding the
   * prefix.
   */
  async killOrphanedApps(log: Log): Promise<void> {
    // Looking at every process of the machine is for nothing where none was started.
    if (!this.#has('apps')) return;
    const record = this.#read();
    const groups = [record?.controlGroup, Cgroup.make(this.#groupName)?.folder].flatMap((folder) =>
      folder === undefined || path.basename(folder) !== this.#groupName ? [] : [new Cgroup(folder)],
    );
    const apps = path.join(this.#prefix, 'apps');
    await killOrphans(log, 'app', () => ({
      roots: record?.roots ?? [],
      isMarked: (pid) => isMarked(pid, `${APP_MARK}=${this.value}/`),
      // Its pid may have been reused by another session since.
      isTrusted: (pid) => worksIn(pid, apps),
      inCgroup: new Set(groups.flatMap((group) => [...group.members()])),
    }));
    for (const group of groups) group.remove();
  }

  /** Kills etcd servers that killed agents have left on this prefix. Call it while holding the prefix. */
  async killOrphanedServer(log: Log): Promise<void> {
    if (!this.#has('etcd')) return;
    const marked = `${SERVER_MARK}=${this.value}\0`;
    await killOrphans(log, 'etcd', () => ({
      roots: [],
      isMarked: (pid) => isMarked(pid, marked),
      inCgroup: new Set(),
    }));
  }

  /** Whether this directory of the prefix was made: before anything is started, and for good. */
  #has(folder: 'apps' | 'etcd'): boolean {
    return existsSync(path.join(this.#prefix, folder));
  }

  get #groupName(): string {
    return `hawser-app-${this.value.slice(0, 12)}`;
  }

  get #recordFile(): string {
    return path.join(this.#prefix, 'apps.pid');
  }

  /** Pids of an earlier boot mean nothing. */
  #read(): z.infer<typeof recordSchema> | undefined {
    try {
      const record = recordSchema.parse(JSON.parse(readFileSync(this.#recordFile, 'utf8')));
      return record.boot === bootId() ? record : undefined;
    } catch {
      return undefined; // missing or damaged: the marks still work
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
