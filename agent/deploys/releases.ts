import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DEFAULT_KEEP, type Deployment, type Log, parseDeployment } from '../../world/index-without-ssh.js';
import { flushToDisk, flushTreeToDisk } from './flush-tree-to-disk.js';
import { removeTree } from './remove-tree.js';

const recordSchema = z.object({ id: z.number().int().positive(), payload: z.string() });

/** A deploy from the log; its digest distinguishes it from a deploy with the same number in another fleet's log. */
export interface DeployEntry {
  readonly id: number;
  readonly payload: string;
  readonly digest: string;
  readonly deployment: Deployment;
}

/** A deploy that is unpacked on this host, in `releases/<name>`. */
export interface Release extends DeployEntry {
  readonly name: string;
}

/** Parses a deploy's payload; undefined if hawser did not create it. */
export function entryOf(id: number, payload: string): DeployEntry | undefined {
  const deployment = parseDeployment(payload);
  if (deployment === undefined) return undefined;
  return { id, payload, deployment, digest: createHash('sha256').update(payload).digest('hex') };
}

export function isSameDeploy(
  a: Pick<DeployEntry, 'id' | 'digest'> | undefined,
  b: Pick<DeployEntry, 'id' | 'digest'>,
): boolean {
  return a?.id === b.id && a.digest === b.digest;
}

/**
 * The releases on this host, with everything needed to run them: the files in `releases/<name>`, and the deploy
 * itself in `deploys/<name>.json`, which is written last, so that a release that has it is complete. The link
 * `current` names the release in use, `last-healthy` the newest one that became healthy. They differ while a deploy
 * is in progress, and after an agent was killed in the middle of one. Links are replaced by renaming, so a reader
 * never finds one missing or half written.
 */
export class Releases {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  folder(name: string): string {
    return path.join(this.#releases, name);
  }

  /** The release that `current` names. */
  current(): Promise<string | undefined> {
    return this.#linked('current');
  }

  /** The newest release that became healthy here. */
  lastHealthy(): Promise<string | undefined> {
    return this.#linked('last-healthy');
  }

  /** A release with its deploy; undefined if one of them is missing. */
  async read(name: string): Promise<Release | undefined> {
    try {
      if (!(await stat(this.folder(name))).isDirectory()) return undefined;
      const { id, payload } = recordSchema.parse(JSON.parse(await readFile(this.#record(name), 'utf8')));
      const entry = entryOf(id, payload);
      return entry && { ...entry, name };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
      return undefined; // made by an older agent, or damaged: the log has it
    }
  }

  /**
   * Creates the release's directory by calling `fill` with a path that does not exist yet; on failure nothing stays. An
   * existing directory is from an earlier, interrupted attempt and is replaced.
   */
  async unpack(entry: DeployEntry, fill: (folder: string) => Promise<void>): Promise<Release> {
    const name = await this.#nameFor(entry);
    const partial = path.join(this.#releases, `.${name}.partial`);
    await mkdir(this.#releases, { recursive: true, mode: 0o755 });
    await removeTree(partial);
    try {
      await fill(partial);
      await flushTreeToDisk(partial);
      await rm(this.#record(name), { force: true });
      await removeTree(this.folder(name));
      await rename(partial, this.folder(name));
      await flushToDisk(this.#releases);
      await this.record(name, entry);
    } catch (error) {
      await Promise.allSettled([removeTree(partial), removeTree(this.folder(name))]); // the first failure matters
      throw error;
    }
    return { ...entry, name };
  }

  /** Stores a release's deploy beside it. */
  async record(name: string, { id, payload }: DeployEntry): Promise<void> {
    await mkdir(this.#records, { recursive: true, mode: 0o700 });
    const partial = `${this.#record(name)}.part`;
    const file = await open(partial, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ id, payload })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, this.#record(name));
    await flushToDisk(this.#records);
  }

  /** Points `current` at a release; undefined removes it. */
  activate(name: string | undefined): Promise<void> {
    return this.#point('current', name);
  }

  markHealthy(name: string): Promise<void> {
    return this.#point('last-healthy', name);
  }

  /** Removes a release; a partly removed one no longer counts. */
  async discard(name: string): Promise<void> {
    await rm(this.#record(name), { force: true });
    const trash = path.join(this.#releases, `.${name}.old`);
    await removeTree(trash);
    await rename(this.folder(name), trash).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await removeTree(trash);
  }

  /** Keeps the newest few releases and those that a link names. */
  async prune(): Promise<void> {
    const linked = [await this.current(), await this.lastHealthy()];
    const names = (await this.#names()).sort((a, b) => idOf(b) - idOf(a));
    for (const name of names.slice(DEFAULT_KEEP)) if (!linked.includes(name)) await this.discard(name);
  }

  /** Removes partly unpacked or partly removed releases, left by a power failure or a killed agent. */
  async tidy(log: Log): Promise<void> {
    const linked = [await this.current(), await this.lastHealthy()];
    for (const entry of await list(this.#releases)) {
      if (!entry.startsWith('.') && (linked.includes(entry) || (await this.read(entry)) !== undefined))
        continue;
      log('info', `removing ${this.folder(entry)}, which is incomplete`);
      await removeTree(this.folder(entry));
    }
    const names = await this.#names();
    for (const record of await list(this.#records))
      if (!names.includes(path.basename(record, '.json'))) await removeTree(path.join(this.#records, record));
  }

  get #releases(): string {
    return path.join(this.#prefix, 'releases');
  }

  get #records(): string {
    return path.join(this.#prefix, 'deploys');
  }

  #record(name: string): string {
    return path.join(this.#records, `${name}.json`);
  }

  async #names(): Promise<string[]> {
    return (await list(this.#releases)).filter((name) => Number.isSafeInteger(idOf(name)));
  }

  /** The id, unless a deploy of another fleet with this id is stored, which may be in use. */
  async #nameFor({ id, digest }: DeployEntry): Promise<string> {
    const name = String(id);
    const holder = await this.read(name);
    const isLinked = [await this.current(), await this.lastHealthy()].includes(name);
    if (holder === undefined ? !isLinked : holder.digest === digest) return name;
    return `${id}-${digest.slice(0, 8)}`;
  }

  async #linked(link: string): Promise<string | undefined> {
    try {
      const name = path.basename(await readlink(path.join(this.#prefix, link)));
      return Number.isSafeInteger(idOf(name)) ? name : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #point(link: string, name: string | undefined): Promise<void> {
    const file = path.join(this.#prefix, link);
    if (name === undefined) return rm(file, { force: true });
    await rm(`${file}.next`, { force: true });
    await symlink(path.join('releases', name), `${file}.next`);
    await rename(`${file}.next`, file);
    await flushToDisk(this.#prefix);
  }
}

/** The deploy's id in a release's name; NaN for any other name. */
function idOf(name: string): number {
  const [, id] = /^([1-9]\d*)(-[0-9a-f]{8})?$/.exec(name) ?? [];
  return Number(id ?? Number.NaN);
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
