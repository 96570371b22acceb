import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';

const keptReleases = 5;

/**
 * The releases on this host: one folder for each deploy, `releases/<id>`, the link `current` that names the one
 * in use and the link `last-healthy` that names the newest one that became healthy. They differ while a deploy
 * is being tried, and after an agent was killed in the middle of that. A link is replaced by a rename, so a
 * reader never finds it missing or half written.
 */
export class Releases {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  folder(id: number): string {
    return path.join(this.#prefix, 'releases', String(id));
  }

  /** The deploy that `current` names; 0 when there is none. */
  current(): Promise<number> {
    return this.#read('current');
  }

  /** The newest deploy that became healthy here; 0 when there is none. */
  lastHealthy(): Promise<number> {
    return this.#read('last-healthy');
  }

  /**
   * Fills `releases/<id>` by calling `fill` with a folder that does not exist yet; on any failure nothing of it
   * stays. A folder that is there already is from an earlier, interrupted try and is replaced.
   */
  async unpack(id: number, fill: (folder: string) => Promise<void>): Promise<string> {
    const partial = path.join(this.#prefix, 'releases', `.${id}.partial`);
    await mkdir(path.dirname(partial), { recursive: true, mode: 0o755 });
    await rm(partial, { recursive: true, force: true });
    try {
      await fill(partial);
      await rm(this.folder(id), { recursive: true, force: true });
      await rename(partial, this.folder(id));
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
    return this.folder(id);
  }

  /** Makes `current` name a release; 0 removes it. */
  activate(id: number): Promise<void> {
    return this.#point('current', id);
  }

  markHealthy(id: number): Promise<void> {
    return this.#point('last-healthy', id);
  }

  /** Removes a release that did not come to be used. */
  async discard(id: number): Promise<void> {
    await rm(this.folder(id), { recursive: true, force: true });
  }

  /** Keeps the newest few and whatever a link names. */
  async prune(): Promise<void> {
    const linked = [await this.current(), await this.lastHealthy()];
    const ids = (await readdir(path.join(this.#prefix, 'releases')))
      .map(Number)
      .filter(Number.isSafeInteger)
      .sort((a, b) => b - a);
    for (const id of ids.slice(keptReleases)) if (!linked.includes(id)) await this.discard(id);
  }

  async #read(link: string): Promise<number> {
    try {
      const id = Number(path.basename(await readlink(path.join(this.#prefix, link))));
      return Number.isSafeInteger(id) ? id : 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  async #point(link: string, id: number): Promise<void> {
    const file = path.join(this.#prefix, link);
    if (id === 0) return rm(file, { force: true });
    await rm(`${file}.next`, { force: true });
    await symlink(path.join('releases', String(id)), `${file}.next`);
    await rename(`${file}.next`, file);
  }
}
