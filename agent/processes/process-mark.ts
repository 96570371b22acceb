import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Log } from '../../world/index-without-ssh.js';
import { prefixInstanceId } from '../prefix/prefix-instance-id.js';
import { Cgroup } from './cgroup.js';
import { type ProcessTreeCriteria, processTreeOf } from './find-own-processes.js';
import { killAll } from './kill-processes.js';
import { isMarked, listProcesses, nameOf, type ProcessIdentity } from './process-table.js';

/** The environment variables that mark processes started by an agent. */
export const APP_MARK = 'HAWSER_APP';
export const SERVER_MARK = 'HAWSER_SERVER';

const recordSchema = z.object({
  boot: z.string(),
  controlGroup: z.string().optional(),
  root: z.object({ pid: z.number().int().positive(), startTime: z.string() }).optional(),
});

/** How to find the processes of an app. */
export interface AppLocation {
  readonly root?: ProcessIdentity | undefined;
  readonly cgroup: Cgroup | undefined;
}

/** The mark of the processes that agents on one prefix have started, and the record of the last app. */
export class ProcessMark {
  /** Unique to this prefix, on this machine and on any other. */
  readonly value: string;
  readonly #prefix: string;

  private constructor(prefix: string, value: string) {
    this.#prefix = prefix;
    this.value = value;
  }

  /** @throws AgentError `invalid` if the prefix cannot be created or written. */
  static async of(prefix: string): Promise<ProcessMark> {
    const identity = `${await prefixInstanceId(prefix)}\0${prefix}`;
    return new ProcessMark(prefix, createHash('sha256').update(identity).digest('hex').slice(0, 32));
  }

  /** The cgroup of the apps on this prefix; undefined if none can be created. */
  cgroup(): Cgroup | undefined {
    return Cgroup.make(this.#groupName);
  }

  /** Records where the app runs, for the next agent if this one is killed. */
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
      // The record only supplements the marks; the app matters more.
      log('warn', `could not record where the app runs: ${(error as Error).message}`);
    }
  }

  /**
   * Kills apps, and everything they started, that killed agents have left on this prefix. Call it while holding the
   * prefix.
   */
  async killOrphanedApps(log: Log): Promise<void> {
    const record = this.#read();
    const groups = [record?.controlGroup, this.cgroup()?.folder].flatMap((folder) =>
      folder === undefined || path.basename(folder) !== this.#groupName ? [] : [new Cgroup(folder)],
    );
    const releases = path.join(this.#prefix, 'releases');
    await killOrphans(log, 'app', () => ({
      root: record?.root,
      isMarked: (pid) => isMarked(pid, `${APP_MARK}=${this.value}/`),
      // Its pid may have been reused by another session since.
      isTrusted: (pid) => worksIn(pid, releases),
      inCgroup: new Set(groups.flatMap((group) => [...group.members()])),
    }));
  }

  /** Kills etcd servers that killed agents have left on this prefix. Call it while holding the prefix. */
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
