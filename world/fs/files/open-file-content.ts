import type { CallOptions } from '../../call-options.js';
import { sha256 } from '../blocks/block-codec.js';
import { DATA_CUTS, firstCut } from '../blocks/content-cuts.js';
import {
  cutOut,
  type Extent,
  extentsOf,
  lengthOf,
  resize,
  stretchesOf,
  writeInto,
} from '../blocks/file-extents.js';
import type { Storage } from '../storage/storage.js';
import { sourceOf } from '../storage/storage.js';
import type { BlockRef } from '../tree/tree-node.js';

/** New bytes beyond this are stored before the file is closed, so that memory does not grow with the file. */
const MOST_NEW_BYTES = 4 << 20;
/** What goes with the superblock in one request instead. */
const SMALL_BYTES = 512 << 10;
/** How far reading ahead goes, in bytes. */
const AHEAD_BYTES = 2 << 20;

/** The bytes of one file while it is open: stored blocks, and what was written over them. */
export class OpenFileContent {
  readonly #storage: Storage;
  #extents: Extent[];
  #newBytes = 0;

  constructor(storage: Storage, blocks: readonly BlockRef[]) {
    this.#storage = storage;
    this.#extents = extentsOf(blocks);
  }

  get sizeBytes(): number {
    return lengthOf(this.#extents);
  }

  /** The bytes of a range as far as there are any, a few blocks at a time. */
  async *read(start: number, end: number, call: CallOptions): AsyncGenerator<Buffer> {
    const extents = cutOut(this.#extents, start, Math.max(start, end));
    for (let index = 0; index < extents.length; ) {
      const group: Extent[] = [];
      for (let bytes = 0; index < extents.length && (bytes === 0 || bytes < AHEAD_BYTES); index += 1) {
        const extent = extents[index];
        if (extent === undefined) break;
        group.push(extent);
        bytes += extent.length;
      }
      yield* this.#readExtents(group, call);
    }
  }

  async *#readExtents(extents: readonly Extent[], call: CallOptions): AsyncGenerator<Buffer> {
    const stored = extents.flatMap((extent) => (extent.kind === 'stored' ? [extent.block] : []));
    const wanted = [...new Map(stored.map((block) => [block.hash, block])).values()];
    const found = wanted.length === 0 ? [] : await this.#storage.read(wanted, call);
    const blocks = new Map(wanted.map(({ hash }, index) => [hash, found[index] ?? Buffer.alloc(0)]));
    for (const extent of extents) {
      if (extent.kind === 'new') yield extent.data;
      else if (extent.kind === 'zeros') yield* zeros(extent.length);
      else
        yield (blocks.get(extent.block.hash) ?? Buffer.alloc(0)).subarray(
          extent.from,
          extent.from + extent.length,
        );
    }
  }

  /** Writes a copy of `data`. */
  write(position: number, data: Buffer): void {
    if (data.length === 0) return;
    const size = this.sizeBytes;
    const last = this.#extents.at(-1);
    this.#newBytes += data.length;
    if (position === size && last?.kind === 'new' && last.length < DATA_CUTS.minBytes) {
      const joined = Buffer.concat([last.data, data]);
      this.#extents.splice(-1, 1, { kind: 'new', data: joined, length: joined.length });
    } else if (position === size) {
      this.#extents.push({ kind: 'new', data: Buffer.from(data), length: data.length });
    } else {
      this.#extents = writeInto(this.#extents, position, Buffer.from(data));
    }
  }

  truncate(size: number): void {
    this.#extents = resize(this.#extents, size);
  }

  /** Whether so much is new that it ought to be stored before more is written. */
  get isFull(): boolean {
    return this.#newBytes >= MOST_NEW_BYTES;
  }

  /** Whether all that is new can go with the superblock. */
  get isSmall(): boolean {
    return this.#newBytes <= SMALL_BYTES;
  }

  /**
   * Cuts what is new into blocks. A pin is held, unless it is small and goes to `unsent`.
   * @param atEnd false while more is being appended: then the last bytes may wait for their cut.
   * @returns the blocks of the file; those that were left to go with the superblock are in `unsent`.
   */
  async toBlocks(
    { atEnd, unsent }: { readonly atEnd: boolean; readonly unsent: Map<string, Buffer> | undefined },
    call: CallOptions,
  ): Promise<readonly BlockRef[]> {
    const keepsAll = unsent !== undefined && this.isSmall;
    const cut: Extent[] = [];
    for (const [index, stretch, all] of stretchesOf(this.#extents).map(
      (one, at, list) => [at, one, list] as const,
    )) {
      if (stretch.kind === 'kept') {
        cut.push(...extentsOf(stretch.blocks));
        continue;
      }
      const isLast = index === all.length - 1;
      cut.push(...(await this.#cut(stretch.extents, atEnd || !isLast, keepsAll ? unsent : undefined, call)));
    }
    this.#extents = cut;
    this.#newBytes = cut.reduce((sum, extent) => sum + (extent.kind === 'new' ? extent.length : 0), 0);
    return cut.flatMap((extent) => (extent.kind === 'stored' ? [extent.block] : []));
  }

  async #cut(
    extents: readonly Extent[],
    atEnd: boolean,
    unsent: Map<string, Buffer> | undefined,
    call: CallOptions,
  ): Promise<Extent[]> {
    const cut: Extent[] = [];
    let waiting = new Map<string, Buffer>();
    let waitingBytes = 0;
    const store = async (): Promise<void> => {
      await this.#storage.store(
        [...waiting].map(([hash, data]) => sourceOf(hash, data)),
        call,
      );
      waiting = new Map();
      waitingBytes = 0;
    };
    let rest: Buffer = Buffer.alloc(0);
    const takeBlocks = (isEnd: boolean): void => {
      for (let length = firstCut(rest, DATA_CUTS, isEnd); length !== undefined && length > 0; ) {
        const data = rest.subarray(0, length);
        const block = { hash: sha256(data), length };
        (unsent ?? waiting).set(block.hash, data);
        waitingBytes += length;
        cut.push({ kind: 'stored', block, from: 0, length });
        rest = rest.subarray(length);
        length = firstCut(rest, DATA_CUTS, isEnd);
      }
    };
    for await (const bytes of this.#readExtents(extents, call)) {
      rest = Buffer.concat([rest, bytes]);
      takeBlocks(false);
      if (unsent === undefined && waitingBytes >= MOST_NEW_BYTES) await store();
    }
    if (atEnd) takeBlocks(true);
    else if (rest.length > 0) cut.push({ kind: 'new', data: rest, length: rest.length });
    if (unsent === undefined && waiting.size > 0) await store();
    return cut;
  }
}

const ZEROS = Buffer.alloc(DATA_CUTS.maxBytes);

function* zeros(length: number): Generator<Buffer> {
  for (let rest = length; rest > 0; rest -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(rest, ZEROS.length));
}
