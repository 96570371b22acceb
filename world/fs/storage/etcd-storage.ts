import type { Log } from '../../../base/log.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import type { WriteOptions } from '../../client/client-types.js';
import { describeKey } from '../../client/error/name-key-for-users.js';
import type { Compare, TxnOp } from '../../client/txn/transaction.js';
import { WorldError } from '../../errors.js';
import { blockKey, decodeBlock, encodeBlock } from '../blocks/block-codec.js';
import { type FreeingKeys, freedRevision, freeingKeys } from '../gc/freeing-protocol-keys.js';
import { warnOfQuota } from '../gc/warn-of-quota.js';
import type { BlockRef } from '../tree/tree-node.js';
import { BULK_TIMEOUT_MS, batchBlocks, type Found, findMissing } from './batch-blocks.js';
import { DEFAULT_PREFIXES, type FsPrefixes, registration } from './file-system-prefixes.js';
import { inGrowingParallel } from './in-growing-parallel.js';
import {
  type Commit,
  type Pin,
  type Source,
  type Storage,
  type Stored,
  type StoreOptions,
  sourceOf,
  type Upload,
} from './storage.js';
import { WriterMark } from './writer-mark.js';

/** What may go with a superblock in one transaction; more is stored before. */
const MOST_OPS = 100;
const MOST_BYTES = 1 << 20;
/** So little goes with all other calls: a connection of its own would have to be opened first. */
const SMALL_BYTES = 256 << 10;
/** What one request carries, so that progress shows also over a slow link. */
const SENT_BYTES = 512 << 10;
const SMALL_READ_BYTES = 64 << 10;

export interface EtcdStorageOptions {
  readonly key: string;
  readonly isReadOnly?: boolean | undefined;
  /** Default {@link DEFAULT_PREFIXES}. */
  readonly prefixes?: FsPrefixes | undefined;
  readonly log?: Log | undefined;
  /** etcd's `--quota-backend-bytes`. */
  readonly quotaBytes?: number | undefined;
}

/** Keeps a superblock under its key and blocks under the storage prefix of its place, in etcd. */
export class EtcdStorage implements Storage {
  readonly key: string;
  readonly isReadOnly: boolean;
  readonly #client: Client;
  readonly #prefixes: FsPrefixes;
  readonly #keys: FreeingKeys;
  readonly #options: Pick<EtcdStorageOptions, 'log' | 'quotaBytes'>;
  readonly #pins = new Set<Pin>();
  /** The blocks that the holders of pins rely on, known to be there when nothing was freed since `#freed`. */
  readonly #relied = new Set<string>();
  #freed: Promise<bigint> | undefined;
  readonly #mark: WriterMark;

  constructor(client: Client, options: EtcdStorageOptions) {
    const { key, isReadOnly = false, prefixes = DEFAULT_PREFIXES } = options;
    this.#client = client;
    this.#prefixes = prefixes;
    this.#keys = freeingKeys(prefixes.storagePrefix);
    this.key = key;
    this.isReadOnly = isReadOnly;
    this.#options = options;
    this.#mark = new WriterMark(client, this.#keys.writers, key);
  }

  async load(known: bigint | undefined, call: CallOptions): Promise<Stored | undefined> {
    const compare: Compare[] =
      known === undefined
        ? [{ key: this.key, target: 'version', relation: '<', to: 0 }]
        : [this.#is(this.key, known)];
    const reply = await this.#client.txn(
      { compare, failure: [{ get: this.key }] },
      { ...call, repeatable: true },
    );
    if (reply.succeeded) return undefined;
    const stored = reply.replies[0]?.entries[0];
    return { superblock: stored?.value.toString(), version: stored?.modRevision ?? 0n };
  }

  async pin(call: CallOptions, { uploads = false } = {}): Promise<Pin> {
    const pin: Pin = { release: () => this.#release(pin) };
    this.#pins.add(pin);
    try {
      if (uploads) this.#mark.prepare(call);
      this.#freed ??= freedRevision(this.#client, this.#keys.freed, call);
      await this.#freed;
    } catch (error) {
      await pin.release();
      throw error;
    }
    return pin;
  }

  async #release(pin: Pin): Promise<void> {
    if (!this.#pins.delete(pin) || this.#pins.size > 0) return;
    this.#freed = undefined;
    this.#relied.clear();
    await this.#mark.end();
  }

  async store(
    sources: readonly Source[],
    call: CallOptions,
    { onMissing, onSent, known }: StoreOptions = {},
  ): Promise<Upload> {
    const bulk = { ...call, timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS };
    const unique = new Map(sources.map((source) => [source.hash, source]));
    const unknown = [...unique.keys()].filter((hash) => !this.#relied.has(hash) && known?.has(hash) !== true);
    const missing = await this.#missingSincePin(unknown, bulk);
    const unsent = [...unique.values()].filter(({ hash }) => missing.has(hash));
    const uploadedBytes = unsent.reduce((sum, { length }) => sum + length, 0);
    onMissing?.(uploadedBytes);
    if (unsent.length > 0) {
      this.#mark.prepare(bulk);
      this.#client.expectBulk(uploadedBytes);
      const { log } = this.#options;
      await warnOfQuota(
        this.#client,
        { adding: uploadedBytes, quotaBytes: this.#options.quotaBytes, log },
        bulk,
      );
    }
    const isBulk = uploadedBytes > SMALL_BYTES;
    await inGrowingParallel(batchBlocks(unsent, SENT_BYTES), async (batch) => {
      await this.#send(batch, { ...bulk, bulk: isBulk });
      onSent?.(batch.reduce((sum, { length }) => sum + length, 0));
    });
    for (const hash of unique.keys()) this.#relied.add(hash);
    return { uploadedBlocks: unsent.length, uploadedBytes };
  }

  async #send(batch: readonly Source[], call: WriteOptions): Promise<void> {
    call.signal?.throwIfAborted();
    const success: TxnOp[] = [await this.#mark.operation(call)];
    for (const { hash, read } of batch) {
      success.push({ put: this.#blockKey(hash), value: await encodeBlock(await read()) });
    }
    // Blocks are named by what they hold, so storing one twice changes nothing.
    await this.#client.txn({ success }, { ...call, repeatable: true });
  }

  async commit(commit: Commit, call: CallOptions): Promise<bigint | undefined> {
    let blocks = [...commit.blocks].map(([hash, data]) => sourceOf(hash, data));
    const bytes = blocks.reduce((sum, { length }) => sum + length, commit.superblock.length);
    if (blocks.length <= MOST_OPS && bytes <= MOST_BYTES) return this.#commit(commit, blocks, call);
    const pin = await this.pin(call);
    try {
      await this.store(blocks, call);
      blocks = [];
      return await this.#commit(commit, blocks, call);
    } finally {
      await pin.release();
    }
  }

  async #commit(
    { superblock, version }: Commit,
    blocks: readonly Source[],
    call: CallOptions,
  ): Promise<bigint | undefined> {
    const puts: TxnOp[] = [
      { put: this.key, value: superblock },
      { put: this.#keys.committed, value: '' },
      ...registration(this.#prefixes),
    ];
    for (const { hash, read } of blocks)
      puts.push({ put: this.#blockKey(hash), value: await encodeBlock(await read()) });
    const isBulk = superblock.length + blocks.reduce((sum, { length }) => sum + length, 0) > SMALL_BYTES;
    for (;;) {
      const compare = [this.#is(this.key, version)];
      if (this.#relied.size > 0 && this.#freed !== undefined)
        compare.push(this.#is(this.#keys.freed, await this.#freed));
      const reply = await this.#client.txn(
        { compare, success: puts, failure: [{ get: this.key }] },
        { ...call, timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS, repeatable: true, bulk: isBulk },
      );
      if (reply.succeeded) return reply.revision;
      const stored = reply.replies[0]?.entries[0];
      const now = stored?.modRevision ?? 0n;
      // An attempt whose answer was lost, or the same done by somebody else.
      if (now !== version) return stored?.value.toString() === superblock ? now : undefined;
      await this.#relyOnceMore(call);
    }
  }

  /** Something was freed: are the blocks that we rely on still there? */
  async #relyOnceMore(call: CallOptions): Promise<void> {
    const freed = await freedRevision(this.#client, this.#keys.freed, call);
    const missing = await this.#missing([...this.#relied], {
      ...call,
      timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS,
    });
    this.#freed = Promise.resolve(freed);
    if (missing.size > 0) {
      for (const hash of missing) this.#relied.delete(hash);
      const message = `Could not write to ${describeKey(this.key)}: ${missing.size} of its new blocks were freed meanwhile. Try again.`;
      throw new WorldError('conflict', message, { key: this.key });
    }
  }

  async read(blocks: readonly BlockRef[], call: CallOptions): Promise<Buffer[]> {
    const success = blocks.map(({ hash }) => ({ get: this.#blockKey(hash) }));
    const bulk = blocks.reduce((sum, { length }) => sum + length, 0) > SMALL_READ_BYTES;
    const { replies } = await this.#client.txn(
      { success },
      { ...call, timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS, repeatable: true, bulk },
    );
    return Promise.all(
      blocks.map((block, index) => {
        const stored = replies[index]?.entries[0];
        const { hash } = block;
        const key = this.#blockKey(hash);
        if (stored !== undefined) return decodeBlock(block, stored.value, key);
        const message = `Could not read ${describeKey(this.key)}: its block ${hash} is missing. Store the file or directory again.`;
        throw new WorldError('not-found', message, { key });
      }),
    );
  }

  async #missing(hashes: readonly string[], call: CallOptions): Promise<ReadonlySet<string>> {
    return (await this.#ask(hashes, call)).missing;
  }

  /** What counts is what is there since the pin: both are found out at once, and again if something was freed in between. */
  async #missingSincePin(hashes: readonly string[], call: CallOptions): Promise<ReadonlySet<string>> {
    const [freed, found] = await Promise.all([this.#freed, this.#ask(hashes, call)]);
    const isSince = found.seen.every((revision) => revision === freed);
    return isSince ? found.missing : this.#missing(hashes, call);
  }

  #ask(hashes: readonly string[], call: CallOptions): Promise<Found> {
    const { storagePrefix } = this.#prefixes;
    return findMissing(this.#client, hashes, { ...call, storagePrefix, beside: this.#keys.freed });
  }

  #blockKey(hash: string): string {
    return blockKey(hash, this.#prefixes.storagePrefix);
  }

  #is(key: string, revision: bigint): Compare {
    return { key, target: 'modRevision', relation: '=', to: revision };
  }
}
