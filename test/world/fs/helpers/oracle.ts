import path from 'node:path';
import type { OpenFlag } from '../../../../world/index.js';
import type { Step } from './steps.js';

/** What of a handle both have. */
interface Handle {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesRead: number }>;
  write(
    data: Buffer,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesWritten: number }>;
  readFile(): Promise<Buffer>;
  stat(): Promise<{ size: number; isFile(): boolean }>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly name: string;
  readonly parentPath: string;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

interface Stats {
  readonly mode: number;
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** What both `fs/promises` and ours have. */
export interface Calls {
  open(path: string, flags: OpenFlag): Promise<Handle>;
  mkdir(path: string, options: { recursive: boolean }): Promise<string | undefined>;
  rm(path: string, options: { recursive: boolean; force: boolean }): Promise<void>;
  writeFile(path: string, data: Buffer, options: { flag: OpenFlag }): Promise<void>;
  appendFile(path: string, data: Buffer, options: { flag: OpenFlag }): Promise<void>;
  readFile(path: string): Promise<Buffer>;
  rename(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readlink(path: string): Promise<string>;
  truncate(path: string, length: number): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  access(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  stat(path: string): Promise<Stats>;
  lstat(path: string): Promise<Stats>;
  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { recursive: boolean; withFileTypes: true }): Promise<Entry[]>;
}

/** A file system that does the steps below a root, with up to three files open. */
export class Actor {
  readonly #root: string;
  readonly #calls: Calls;
  readonly #handles = new Map<number, Handle>();

  constructor(calls: Calls, root: string) {
    this.#calls = calls;
    this.#root = root;
  }

  /** What a step came to, in a form that can be compared. */
  async perform(step: Step): Promise<unknown> {
    try {
      return { value: (await this.#perform(step)) ?? null };
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      const { code, syscall, path: at, dest } = error as NodeJS.ErrnoException & { dest?: string };
      // Node's rm without recursive says more about it than we keep.
      if (code === 'ERR_FS_EISDIR') return { code };
      // Node names whichever directory it tried last.
      if (step.op === 'mkdir' && step.recursive) return { code, syscall };
      return { code, syscall, path: this.#strip(at), dest: this.#strip(dest) };
    }
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle.close();
  }

  #strip(text: string | undefined): string | undefined {
    return text?.startsWith(this.#root) ? text.slice(this.#root.length) : text;
  }

  async #perform(step: Step): Promise<unknown> {
    return 'slot' in step ? this.#onHandle(step) : this.#onPath(step);
  }

  async #onPath(step: Exclude<Step, { slot: number }>): Promise<unknown> {
    const at = `${this.#root}/${step.path}`;
    const calls = this.#calls;
    switch (step.op) {
      case 'mkdir':
        return this.#strip(await calls.mkdir(at, { recursive: step.recursive }));
      case 'rm':
        return calls.rm(at, { recursive: step.recursive, force: step.force });
      case 'writeFile':
      case 'appendFile':
        return calls[step.op](at, step.data, { flag: step.flag });
      case 'rename':
        return calls.rename(at, `${this.#root}/${step.to}`);
      case 'symlink':
        return calls.symlink(step.to, at);
      case 'truncate':
      case 'chmod':
        return calls[step.op](at, step.number);
      case 'stat':
      case 'lstat':
        return describe(await this.#calls[step.op](at));
      case 'readdir':
        return (await this.#calls.readdir(at)).sort();
      case 'list':
        return this.#list(at);
      case 'readFile':
      case 'access':
      case 'readlink':
      case 'rmdir':
      case 'unlink':
        return calls[step.op](at);
    }
  }

  async #list(at: string): Promise<string[]> {
    const found = await this.#calls.readdir(at, { recursive: true, withFileTypes: true });
    return found
      .map(
        (entry) =>
          `${path.relative(at, path.join(entry.parentPath, entry.name))} ${entry.isDirectory()} ${entry.isSymbolicLink()}`,
      )
      .sort();
  }

  async #onHandle(step: Extract<Step, { slot: number }>): Promise<unknown> {
    if (step.op === 'open') {
      await this.#handles.get(step.slot)?.close();
      this.#handles.delete(step.slot);
      this.#handles.set(step.slot, await this.#calls.open(`${this.#root}/${step.path}`, step.flag));
      return 'opened';
    }
    const handle = this.#handles.get(step.slot);
    if (handle === undefined) return 'not open';
    switch (step.op) {
      case 'read': {
        const buffer = Buffer.alloc(step.length);
        const { bytesRead } = await handle.read(buffer, 0, step.length, step.position);
        return buffer.subarray(0, bytesRead);
      }
      case 'readRest':
        return handle.readFile();
      case 'write':
        return (await handle.write(step.data, 0, step.data.length, step.position)).bytesWritten;
      case 'ftruncate':
        return handle.truncate(step.number);
      case 'fstat': {
        const stats = await handle.stat();
        return [stats.isFile(), stats.isFile() && stats.size];
      }
      case 'sync':
        return handle.sync();
      case 'close':
        this.#handles.delete(step.slot);
        return handle.close();
    }
  }
}

function describe(stats: Stats) {
  return [
    stats.mode,
    stats.isDirectory() ? 0 : stats.size,
    stats.isFile(),
    stats.isDirectory(),
    stats.isSymbolicLink(),
  ];
}

/** Everything below a root: names, modes, contents and targets. */
export async function treeOf(calls: Calls, root: string): Promise<string[]> {
  const lines: string[] = [];
  for (const entry of await calls.readdir(root === '' ? '/' : root, {
    recursive: true,
    withFileTypes: true,
  })) {
    const at = path.join(entry.parentPath, entry.name);
    const { mode } = await calls.lstat(at);
    const content = entry.isSymbolicLink()
      ? await calls.readlink(at)
      : entry.isFile()
        ? (await calls.readFile(at)).toString('base64')
        : '';
    lines.push(`${path.relative(root === '' ? '/' : root, at)} ${mode.toString(8)} ${content}`);
  }
  return lines.sort();
}
