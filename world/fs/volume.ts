import { inParallel } from '../../base/in-parallel.js';
import type { CallOptions } from '../call-options.js';
import { describeKey } from '../client/error/name-key-for-users.js';
import { WorldError } from '../errors.js';
import { FsError } from './fs-error.js';
import { batchBlocks, IN_FLIGHT } from './storage/batch-blocks.js';
import { type Pin, type Storage, sourceOf } from './storage/storage.js';
import { FetchedListings, MissingListings } from './tree/fetched-listings.js';
import { decodeEntries, decodeSuperblock, TreeEncoder } from './tree/tree-codec.js';
import { TreeDraft } from './tree/tree-draft.js';
import { checkListing } from './tree/tree-limits.js';
import { type BlockRef, type DirectoryNode, EMPTY_ROOT, type Entries } from './tree/tree-node.js';

/** A step that changes the tree; it may be done several times, on newer trees, and counts once. */
export type Change<T> = (draft: TreeDraft) => T;

interface Deferred {
  readonly draft: TreeDraft;
  readonly changes: Change<unknown>[];
  readonly blocks: Map<string, Buffer>;
  blockBytes: number;
  /** Held once blocks were stored before the flush. */
  pin: Pin | undefined;
}

/** Blocks beyond this do not wait in memory for the flush. */
const MOST_WAITING_BYTES = 4 << 20;

const MOST_TRIES = 50;

/**
 * The tree of one file system, here and in its storage. Changes of one process are made one after the other; when
 * somebody else was first, they are made again on the newer tree, so that none are lost.
 */
export class Volume {
  readonly storage: Storage;
  readonly #listings = new FetchedListings();
  readonly #encoder = new TreeEncoder();
  #root: DirectoryNode = EMPTY_ROOT;
  #version: bigint | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Changes that wait for {@link flush}. */
  #deferred: Deferred | undefined;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  /** Reads the newest tree, including deferred changes. */
  async look<T>(step: Change<T>, call: CallOptions): Promise<T> {
    if (this.#deferred === undefined) await this.#refresh(call);
    return this.#withListings(
      () => step(this.#deferred?.draft ?? new TreeDraft(this.#root, this.#listings)),
      call,
    );
  }

  /** What directories of a tree that was looked at hold, in their order; what is not here yet is fetched together. */
  entriesOf(folders: readonly DirectoryNode[], call: CallOptions): Promise<readonly Entries[]> {
    return this.#withListings(() => {
      this.#listings.expect(folders);
      return folders.map((folder) => this.#listings.entriesOf(folder));
    }, call);
  }

  /** Makes a change, now or at the next {@link flush}. @param blocks what the change names and is not stored yet. */
  change<T>(step: Change<T>, call: CallOptions, blocks: ReadonlyMap<string, Buffer> = new Map()): Promise<T> {
    return this.#serialize(async () => {
      if (this.#deferred !== undefined) return this.#defer(this.#deferred, step, blocks, call);
      const results: T[] = [];
      await this.#commit([(draft) => results.push(step(draft))], blocks, call);
      return results[results.length - 1] as T;
    });
  }

  /** Keeps changes in this process until {@link flush}. */
  defer(call: CallOptions): Promise<void> {
    return this.#serialize(async () => {
      if (this.#deferred !== undefined) return;
      await this.#refresh(call);
      this.#deferred = this.#newDeferred();
    });
  }

  get isDeferred(): boolean {
    return this.#deferred !== undefined;
  }

  /** Writes what was deferred, at once, and ends deferring. */
  flush(call: CallOptions): Promise<void> {
    return this.#serialize(async () => {
      const deferred = this.#deferred;
      if (deferred === undefined) return;
      if (deferred.changes.length > 0) await this.#commit(deferred.changes, deferred.blocks, call);
      await deferred.pin?.release();
      this.#deferred = undefined;
    });
  }

  /** Gives up what was deferred. */
  discard(): Promise<void> {
    return this.#serialize(async () => {
      const pin = this.#deferred?.pin;
      this.#deferred = undefined;
      await pin?.release();
    });
  }

  #newDeferred(): Deferred {
    return {
      draft: new TreeDraft(this.#root, this.#listings),
      changes: [],
      blocks: new Map(),
      blockBytes: 0,
      pin: undefined,
    };
  }

  async #defer<T>(
    deferred: Deferred,
    step: Change<T>,
    blocks: ReadonlyMap<string, Buffer>,
    call: CallOptions,
  ): Promise<T> {
    const result = await this.#withListings(() => step(deferred.draft), call);
    deferred.changes.push(step);
    for (const [hash, data] of blocks) {
      deferred.blocks.set(hash, data);
      deferred.blockBytes += data.length;
    }
    if (deferred.blockBytes >= MOST_WAITING_BYTES) await this.#storeWaiting(deferred, call);
    return result;
  }

  async #storeWaiting(deferred: Deferred, call: CallOptions): Promise<void> {
    deferred.pin ??= await this.storage.pin(call);
    await this.storage.store(
      [...deferred.blocks].map(([hash, data]) => sourceOf(hash, data)),
      call,
    );
    deferred.blocks.clear();
    deferred.blockBytes = 0;
  }

  async #commit(
    steps: readonly Change<unknown>[],
    blocks: ReadonlyMap<string, Buffer>,
    call: CallOptions,
  ): Promise<void> {
    if (this.storage.isReadOnly) throw new FsError('EROFS', { syscall: 'write' });
    if (this.#version === undefined) await this.#refresh(call);
    let isFresh = false;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      call.signal?.throwIfAborted();
      const draft = new TreeDraft(this.#root, this.#listings);
      try {
        for (const step of steps) await this.#withListings(() => step(draft), call);
      } catch (error) {
        // It may be right about an old tree only.
        if (isFresh || !(await this.#refresh(call))) throw error;
        isFresh = true;
        continue;
      }
      if (draft.root === this.#root) return;
      const encoded = this.#encoder.encode(draft.root, this.#listings);
      const version = await this.storage.commit(
        {
          superblock: encoded.superblock,
          version: this.#version ?? 0n,
          blocks: new Map([...blocks, ...encoded.blocks]),
        },
        call,
      );
      if (version !== undefined) {
        this.#root = draft.root;
        this.#version = version;
        this.#listings.addStored(encoded.blocks.keys());
        return;
      }
      await this.#refresh(call);
      isFresh = true;
    }
    const message = `Could not write to ${describeKey(this.storage.key)}: others keep changing it. Try again.`;
    throw new WorldError('conflict', message, { key: this.storage.key });
  }

  /** @returns whether the tree is another one now. */
  async #refresh(call: CallOptions): Promise<boolean> {
    const stored = await this.storage.load(this.#version, call);
    if (stored === undefined) return false;
    this.#listings.startOver();
    this.#root =
      stored.superblock === undefined ? EMPTY_ROOT : decodeSuperblock(stored.superblock, this.storage.key);
    this.#version = stored.version;
    return true;
  }

  /** Does a step, and fetches what it misses until it misses nothing. */
  async #withListings<T>(step: () => T, call: CallOptions): Promise<T> {
    for (;;) {
      try {
        return step();
      } catch (error) {
        if (!(error instanceof MissingListings)) throw error;
        await inParallel(error.folders, IN_FLIGHT, (refs) => this.#fetch(refs, call));
      }
    }
  }

  async #fetch(refs: readonly BlockRef[], call: CallOptions): Promise<void> {
    checkListing(refs, this.storage.key);
    const parts = new Map<string, Buffer>();
    const wanted = [...new Map(refs.map((ref) => [ref.hash, ref])).values()];
    await inParallel(batchBlocks(wanted), IN_FLIGHT, async (batch) => {
      const blocks = await this.storage.read(batch, call);
      for (const [index, { hash }] of batch.entries()) parts.set(hash, blocks[index] ?? Buffer.alloc(0));
    });
    const json = Buffer.concat(refs.map(({ hash }) => parts.get(hash) ?? Buffer.alloc(0))).toString();
    this.#listings.add(refs, decodeEntries(json, this.storage.key));
  }

  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
