import { lstat, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_KEEP, type Log } from '../../../world/internal.js';
import type { Account } from '../accounts/account.js';
import type { SealedSecrets } from '../secrets/fetch-secrets.js';
import { type AppFolder, listFolder } from './app-folder.js';
import { chooseSpareRelease, type PresentRelease } from './choose-spare-release.js';
import { type DeployEntry, isSameDeploy, type Release } from './deploy-entry.js';
import { flushToDisk, flushTreeToDisk } from './flush-tree-to-disk.js';
import { giveToAccount } from './give-to-account.js';
import { linkSharedFolders } from './link-shared-folders.js';
import { readReleaseLink, writeReleaseLink } from './release-links.js';
import { idOf, namesOf } from './release-names.js';
import { parseReleaseRecord, writeReleaseRecord } from './release-record.js';
import { removeTree } from './remove-tree.js';

export interface UnpackOptions {
  /** Creates the files of the release in a directory that does not exist yet; `reuse` is one that may become it. */
  readonly fill: (folder: string, reuse: string | undefined) => Promise<void>;
  /** Whom the app runs as; the release will be theirs. */
  readonly account: Account | undefined;
  /** The fleet whose log has the deploy. */
  readonly fleet: string | undefined;
  /** The release that is healthy here now. */
  readonly before: string | undefined;
  readonly secrets?: SealedSecrets | undefined;
}

/**
 * The releases of one app on this host, with everything needed to run them: the files in `releases/<name>`, and the
 * deploy itself in `deploys/<name>.json`, which is written last, so that a release that has it is complete. The link
 * `current` names the release in use, `last-healthy` the newest one that became healthy. They differ while a deploy
 * is in progress, and after an agent was killed in the middle of one. Links are replaced by renaming, so a reader
 * never finds one missing or half written.
 */
export class Releases {
  readonly folder: AppFolder;

  constructor(folder: AppFolder) {
    this.folder = folder;
  }

  /** Where the files of a release are. */
  pathOf(name: string): string {
    return path.join(this.folder.releases, name);
  }

  /** Where its programs read secrets as files. */
  secretsOf(name: string): string {
    return path.join(this.folder.secrets, name);
  }

  /** The release that `current` names. */
  current(): Promise<string | undefined> {
    return readReleaseLink(this.folder.path, 'current');
  }

  /** The newest release that became healthy here. */
  lastHealthy(): Promise<string | undefined> {
    return readReleaseLink(this.folder.path, 'last-healthy');
  }

  /** A release with its deploy; undefined if one of them is missing. */
  async read(name: string): Promise<Release | undefined> {
    try {
      if (!(await stat(this.pathOf(name))).isDirectory()) return undefined;
      const record = parseReleaseRecord(await readFile(this.#record(name), 'utf8'));
      return record && { ...record, name };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
      return undefined; // damaged, or being removed: the log has it
    }
  }

  /** The release of a deploy, if this host still has it. */
  async find({ id, digest }: DeployEntry): Promise<Release | undefined> {
    for (const name of await this.#names()) {
      const release = idOf(name) === id ? await this.read(name) : undefined;
      if (release?.digest === digest) return release;
    }
    return undefined;
  }

  /** Where a release is that holds most of a tree: one of the same tree, else the one that is healthy now. */
  async mostAlike(tree: string): Promise<string | undefined> {
    const healthy = await this.lastHealthy();
    for (const name of await this.#names())
      if ((await this.read(name))?.deployment.tree === tree) return this.pathOf(name);
    return healthy && this.pathOf(healthy);
  }

  /**
   * Unpacks a deploy into a release of its own; on failure nothing stays. What an earlier, interrupted attempt left is
   * replaced.
   */
  async unpack(
    entry: DeployEntry,
    { fill, account, fleet, before, secrets }: UnpackOptions,
  ): Promise<Release> {
    const name = await this.#nameFor(entry);
    const partial = path.join(this.folder.incoming, name);
    await this.folder.prepare(account);
    await removeTree(partial);
    try {
      await this.#fill(partial, entry, { fill, account });
      const names = entry.deployment.manifest.shared ?? [];
      await linkSharedFolders(partial, { names, kept: this.folder.shared, account });
      await flushTreeToDisk(partial);
      if (account !== undefined) await giveToAccount(partial, account);
      await rm(this.#record(name), { force: true });
      await removeTree(this.pathOf(name));
      await rename(partial, this.pathOf(name));
      await flushToDisk(this.folder.releases);
      await writeReleaseRecord(this.#record(name), { ...entry, fleet, before, secrets });
    } catch (error) {
      await Promise.allSettled([removeTree(partial), removeTree(this.pathOf(name))]); // the first failure matters
      throw error;
    }
    return { ...entry, name, fleet, before, ...(secrets && { secrets }) };
  }

  /** Fills a directory, by what a release that is not needed any more holds, if there is one. */
  async #fill(
    partial: string,
    entry: DeployEntry,
    { fill, account }: Pick<UnpackOptions, 'fill' | 'account'>,
  ): Promise<void> {
    const spare = await this.#spareFor(entry, account);
    // From here on it does not count as complete.
    if (spare !== undefined) await this.#forget(spare);
    await fill(partial, spare && this.pathOf(spare));
    if (spare !== undefined) await removeTree(this.pathOf(spare));
  }

  async #spareFor(entry: DeployEntry, account: Account | undefined): Promise<string | undefined> {
    const inUse = [await this.current(), await this.lastHealthy()];
    const present: PresentRelease[] = [];
    for (const name of (await this.#names()).sort((a, b) => idOf(b) - idOf(a))) {
      const { uid } = await lstat(this.pathOf(name));
      const tree = (await this.read(name))?.deployment.tree;
      present.push({ name, tree, isInUse: inUse.includes(name), uid });
    }
    return chooseSpareRelease(present, entry.deployment, account?.uid ?? process.geteuid?.());
  }

  /** Points `current` at a release; undefined removes it. */
  activate(name: string | undefined): Promise<void> {
    return writeReleaseLink(this.folder.path, 'current', name);
  }

  /** Makes a release the one that the host starts after a restart; undefined: none. */
  markHealthy(name: string | undefined): Promise<void> {
    return writeReleaseLink(this.folder.path, 'last-healthy', name);
  }

  /** Removes the release of a deploy that came to nothing; none may be there. */
  async discardDeploy(entry: DeployEntry): Promise<void> {
    for (const name of namesOf(entry))
      if (isSameDeploy(await this.read(name), entry)) await this.discard(name);
  }

  /** Removes a release; a partly removed one no longer counts. */
  async discard(name: string): Promise<void> {
    await this.#forget(name);
    const trash = path.join(this.folder.incoming, `${name}.old`);
    await removeTree(trash);
    await rename(this.pathOf(name), trash).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await removeTree(trash);
  }

  /** Keeps the newest few releases, those that a link names, and these. */
  async prune(keep = DEFAULT_KEEP, inUse: readonly string[] = []): Promise<void> {
    const kept = [await this.current(), await this.lastHealthy(), ...inUse];
    const names = (await this.#names()).sort((a, b) => idOf(b) - idOf(a));
    for (const name of names.slice(keep)) if (!kept.includes(name)) await this.discard(name);
  }

  /**
   * Removes partly unpacked or partly removed releases, left by a power failure or a killed agent, and those that it
   * was trying: a hook may have been interrupted in the middle of its work.
   */
  async tidy(log: Log): Promise<void> {
    const healthy = await this.lastHealthy();
    for (const name of await listFolder(this.folder.releases)) {
      const isOlder = healthy !== undefined && idOf(name) < idOf(healthy);
      if (name === healthy || (isOlder && (await this.read(name)) !== undefined)) continue;
      log('info', `removing ${this.pathOf(name)}, which was not finished`);
      await removeTree(this.pathOf(name));
    }
    const { incoming, records } = this.folder;
    for (const name of await listFolder(incoming)) await removeTree(path.join(incoming, name));
    const names = await this.#names();
    for (const record of await listFolder(records))
      if (!names.includes(path.basename(record, '.json'))) await removeTree(path.join(records, record));
    for (const name of await listFolder(this.folder.secrets))
      if (!names.includes(name)) await removeTree(this.secretsOf(name));
  }

  /** Whether nothing of the app is here, but what its releases shared. */
  async isGone(): Promise<boolean> {
    return (await listFolder(this.folder.path)).every((name) => name === 'shared');
  }

  /** Removes all of the app but its shared directories, if there is anything in them. */
  async removeApp(): Promise<void> {
    // From here on a restarted agent does not run it any more.
    await this.markHealthy(undefined);
    await this.activate(undefined);
    for (const name of await this.#names()) await this.discard(name);
    for (const name of await listFolder(this.folder.path))
      if (name !== 'shared') await removeTree(path.join(this.folder.path, name));
    if ((await listFolder(this.folder.shared)).length === 0) await removeTree(this.folder.path);
  }

  /** What is left of it does not count any more. */
  async #forget(name: string): Promise<void> {
    await rm(this.#record(name), { force: true });
    await removeTree(this.secretsOf(name));
  }

  #record(name: string): string {
    return path.join(this.folder.records, `${name}.json`);
  }

  async #names(): Promise<string[]> {
    return (await listFolder(this.folder.releases)).filter((name) => Number.isSafeInteger(idOf(name)));
  }

  /** The id, unless a deploy of another fleet with this id is stored, which may be in use. */
  async #nameFor(entry: DeployEntry): Promise<string> {
    const [name, other] = namesOf(entry);
    const { digest } = entry;
    const holder = await this.read(name);
    const isLinked = [await this.current(), await this.lastHealthy()].includes(name);
    if (holder === undefined ? !isLinked : holder.digest === digest) return name;
    return other;
  }
}
