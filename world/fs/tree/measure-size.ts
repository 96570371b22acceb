import type { CallOptions } from '../../call-options.js';
import { EventLoopYielder } from '../copy/event-loop-yielder.js';
import type { Volume } from '../volume.js';
import { keyOf } from './fetched-listings.js';
import {
  checkSize,
  LISTINGS_BYTES,
  lengthOfListing,
  TREE_LIMITS,
  type TreeLimits,
  tooLarge,
} from './tree-limits.js';
import type { DirectoryNode, Entries, Node } from './tree-node.js';

/** The size of a directory: everything below it, without itself. */
export interface TreeSize {
  /** Files, directories and links. */
  readonly entries: number;
  readonly files: number;
  readonly sizeBytes: number;
  readonly blocks: number;
  /** How many directories lie inside each other. */
  readonly depth: number;
}

export interface MeasureOptions extends CallOptions {
  /** How errors name the directory. */
  readonly name: string;
  readonly limits?: TreeLimits | undefined;
}

const NOTHING: TreeSize = { entries: 0, files: 0, sizeBytes: 0, blocks: 0, depth: 0 };

/**
 * Says how large a directory is. What several directories share is looked at once, so that this takes as long as what is
 * stored is large, not as what it unfolds to.
 * @throws WorldError `too-large` naming the path and the limit that it exceeds.
 */
export function measureSize(
  volume: Volume,
  folder: DirectoryNode,
  { name, limits = TREE_LIMITS, ...call }: MeasureOptions,
): Promise<TreeSize> {
  return new TreeMeasure(volume, limits, call).folder(folder, name, 1);
}

class TreeMeasure {
  readonly #volume: Volume;
  readonly #limits: TreeLimits;
  readonly #call: CallOptions;
  readonly #pace: EventLoopYielder;
  readonly #known = new Map<string, TreeSize>();
  /** The lists of entries that were read, by their blocks. */
  readonly #read = new Set<string>();
  #listingBytes = 0;

  constructor(volume: Volume, limits: TreeLimits, call: CallOptions) {
    this.#volume = volume;
    this.#limits = limits;
    this.#call = call;
    this.#pace = new EventLoopYielder(call.signal);
  }

  async folder(folder: DirectoryNode, path: string, depth: number): Promise<TreeSize> {
    const key = 'entriesIn' in folder ? keyOf(folder.entriesIn) : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    const deepest = depth + (known?.depth ?? 0);
    if (deepest > this.#limits.depth)
      throw tooLarge(path, `is in or contains more than ${this.#limits.depth} nested directories`);
    if (known !== undefined) return known;
    const size = await this.#measure(folder, path, depth);
    if (key !== undefined) this.#known.set(key, size);
    return size;
  }

  async #measure(folder: DirectoryNode, path: string, depth: number): Promise<TreeSize> {
    const [entries = new Map<string, Node>()] = await this.#open([folder], path);
    const folders = [...entries.values()].flatMap((node) => (node.type === 'directory' ? [node] : []));
    await this.#open(folders, path);
    let size = NOTHING;
    for (const [name, node] of entries) {
      if (this.#pace.isDue()) await this.#pace.rest();
      const below =
        node.type === 'directory'
          ? await this.folder(node, `${path === '/' ? '' : path}/${name}`, depth + 1)
          : NOTHING;
      size = sum(size, below, node);
      checkSize(size, path, this.#limits);
    }
    return size;
  }

  async #open(folders: readonly DirectoryNode[], path: string): Promise<readonly Entries[]> {
    for (const folder of folders) {
      if (!('entriesIn' in folder)) continue;
      const key = keyOf(folder.entriesIn);
      if (this.#read.has(key)) continue;
      this.#read.add(key);
      this.#listingBytes += lengthOfListing(folder.entriesIn);
    }
    if (this.#listingBytes > LISTINGS_BYTES)
      throw tooLarge(path, `brings the lists of entries to more than ${LISTINGS_BYTES} bytes`);
    return this.#volume.entriesOf(folders, this.#call);
  }
}

function sum(size: TreeSize, below: TreeSize, node: Node): TreeSize {
  const [file, folder] = [node.type === 'file' ? 1 : 0, node.type === 'directory' ? 1 : 0];
  return {
    entries: size.entries + below.entries + 1,
    files: size.files + below.files + file,
    sizeBytes: size.sizeBytes + below.sizeBytes + (node.type === 'file' ? node.sizeBytes : 0),
    blocks: size.blocks + below.blocks + (node.type === 'file' ? node.blocks.length : 0),
    depth: Math.max(size.depth, below.depth + folder),
  };
}
