import type { BlockRef, DirectoryNode, Entries } from './tree-node.js';

/** Thrown when the entries of a directory have not been fetched yet: add them to the {@link FetchedListings} and do the step again. */
export class MissingListings {
  /** The blocks of each directory that is missed. */
  readonly folders: readonly (readonly BlockRef[])[];

  constructor(folders: readonly (readonly BlockRef[])[]) {
    this.folders = folders;
  }
}

/** The entries of directories that are stored in blocks of their own, as far as they were fetched. */
export class FetchedListings {
  #known = new Map<string, Entries>();
  #before: ReadonlyMap<string, Entries> = new Map();
  readonly #stored = new Set<string>();

  /** @throws MissingListings when they have to be fetched first. */
  entriesOf(directory: DirectoryNode): Entries {
    if ('entries' in directory) return directory.entries;
    const key = keyOf(directory.entriesIn);
    const entries = this.#known.get(key) ?? this.#before.get(key);
    if (entries === undefined) throw new MissingListings([directory.entriesIn]);
    if (!this.#known.has(key)) this.add(directory.entriesIn, entries);
    return entries;
  }

  /** @throws MissingListings when the entries of any have to be fetched first, so that they are fetched together. */
  expect(directories: readonly DirectoryNode[]): void {
    const folders = directories.flatMap((directory) => {
      if ('entries' in directory) return [];
      const key = keyOf(directory.entriesIn);
      return this.#known.has(key) || this.#before.has(key) ? [] : [directory.entriesIn];
    });
    if (folders.length > 0) throw new MissingListings(folders);
  }

  add(refs: readonly BlockRef[], entries: Entries): void {
    this.#known.set(keyOf(refs), entries);
    for (const { hash } of refs) this.#stored.add(hash);
  }

  /** The newest superblock names these. */
  addStored(hashes: Iterable<string>): void {
    for (const hash of hashes) this.#stored.add(hash);
  }

  /** Whether the newest superblock is known to name this block. */
  isStored(hash: string): boolean {
    return this.#stored.has(hash);
  }

  /** Another superblock counts from now on: what it does not name may be freed at any time. */
  startOver(): void {
    this.#before = this.#known;
    this.#known = new Map();
    this.#stored.clear();
  }
}

/** What tells one list of entries from another. */
export function keyOf(refs: readonly BlockRef[]): string {
  return refs.map(({ hash }) => hash).join();
}
