import { inParallel } from '../../../base/in-parallel.js';
import type { Log } from '../../../base/log.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { describeKey } from '../../client/error/name-key-for-users.js';
import type { Session } from '../../client/lease/session.js';
import type { Compare, TxnOp } from '../../client/txn/transaction.js';
import { WorldError } from '../../errors.js';
import { blockKey, decodeBlock, encodeBlock } from '../blocks/block-codec.js';
import { type FreeingKeys, freedRevision, freeingKeys } from '../gc/freeing-protocol-keys.js';
import { warnOfQuota } from '../gc/warn-of-quota.js';
import type { BlockRef } from '../tree/tree-node.js';
import { BULK_TIMEOUT_MS, batchBlocks, findMissing, IN_FLIGHT } from './batch-blocks.js';
import { DEFAULT_PREFIXES, type FsPrefixes, registration } from './file-system-prefixes.js';
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

/** What may go with a superblock in one transaction; more is stored before. */
const MOST_OPS = 100;
const MOST_BYTES = 1 << 20;
/** Long, so that an upload over a link that stalls for a while keeps its blocks. */
const MARK_TTL_SECONDS = 60;

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
  readonly #log: Log | undefined;
  readonly #quotaBytes: number | undefined;
  readonly #pins = new Set<Pin>();
  /** The blocks that the holders of pins rely on, known to be there when nothing was freed since `#freed`. */
  readonly #relied = new Set<string>();
  #freed: bigint | undefined;
  #mark: Promise<Session> | undefined;

  constructor(client: Client, options: EtcdStorageOptions) {
    const { key, isReadOnly = false, prefixes = DEFAULT_PREFIXES, log, quotaBytes } = options;
    this.#client = client;
    this.#prefixes = prefixes;
    this.#keys = freeingKeys(prefixes.storagePrefix);
    this.key = key;
    this.isReadOnly = isReadOnly;
    this.#log = log;
    this.#quotaBytes = quotaBytes;
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

  async pin(call: CallOptions): Promise<Pin> {
    const pin: Pin = { release: () => this.#release(pin) };
    this.#pins.add(pin);
    try {
      this.#freed ??= await freedRevision(this.#client, this.#keys.freed, call);
    } catch (error) {
      await pin.release();
      throw error;
    }
    return pin;
  }

  async #release(pin: Pin): Promise<void> {
    if (!this.#pins.delete(pin) || this.#pins.size > 0) return;
    const mark = this.#mark;
    this.#mark = undefined;
    this.#freed = undefined;
    this.#relied.clear();
    // A mark that never came needs no end.
    const session = await mark?.catch(() => undefined);
    await session?.close();
  }

  async store(
    sources: readonly Source[],
    call: CallOptions,
    { onMissing, onSent, known }: StoreOptions = {},
  ): Promise<Upload> {
    const bulk = { ...call, timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS };
    const unique = new Map(sources.map((source) => [source.hash, source]));
    const unknown = [...unique.keys()].filter((hash) => !this.#relied.has(hash) && known?.has(hash) !== true);
    const missing = await this.#missing(unknown, bulk);
    const unsent = [...unique.values()].filter(({ hash }) => missing.has(hash));
    const uploadedBytes = unsent.reduce((sum, { length }) => sum + length, 0);
    onMissing?.(uploadedBytes);
    if (unsent.length > 0) {
      await warnOfQuota(
        this.#client,
        { adding: uploadedBytes, quotaBytes: this.#quotaBytes, log: this.#log },
        bulk,
      );
      await this.#marked(bulk);
    }
    await inParallel(batchBlocks(unsent), IN_FLIGHT, async (batch) => {
      await this.#send(batch, bulk);
      onSent?.(batch.reduce((sum, { length }) => sum + length, 0));
    });
    for (const hash of unique.keys()) this.#relied.add(hash);
    return { uploadedBlocks: unsent.length, uploadedBytes };
  }

  async #send(batch: readonly Source[], call: CallOptions): Promise<void> {
    call.signal?.throwIfAborted();
    const success: TxnOp[] = [];
    for (const { hash, read } of batch) {
      success.push({ put: this.#blockKey(hash), value: await encodeBlock(await read()) });
    }
    // Blocks are named by what they hold, so storing one twice changes nothing.
    await this.#client.txn({ success }, { ...call, repeatable: true, bulk: true });
  }

  async #marked(call: CallOptions): Promise<void> {
    this.#mark ??= this.#openMark(call);
    const opening = this.#mark;
    const session = await opening.catch((error: unknown) => {
      if (this.#mark === opening) this.#mark = undefined;
      throw error;
    });
    if (!session.expired.aborted) return;
    // What was stored under the old mark is asked for again at the commit if anything is freed.
    this.#mark = undefined;
    await this.#marked(call);
  }

  async #openMark(call: CallOptions): Promise<Session> {
    const session = await this.#client.session({ ttlSeconds: MARK_TTL_SECONDS }, call);
    const key = `${this.#keys.writers}${BigInt(session.lease).toString(16)}`;
    await this.#client.set(key, this.key, { ...call, lease: session.lease, repeatable: true });
    return session;
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
    for (;;) {
      const compare = [this.#is(this.key, version)];
      if (this.#relied.size > 0 && this.#freed !== undefined)
        compare.push(this.#is(this.#keys.freed, this.#freed));
      const reply = await this.#client.txn(
        { compare, success: puts, failure: [{ get: this.key }] },
        { ...call, timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS, repeatable: true, bulk: true },
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
    this.#freed = freed;
    if (missing.size > 0) {
      for (const hash of missing) this.#relied.delete(hash);
      const message = `Could not write to ${describeKey(this.key)}: ${missing.size} of its new blocks were freed meanwhile. Try again.`;
      throw new WorldError('conflict', message, { key: this.key });
    }
  }

  async read(blocks: readonly BlockRef[], call: CallOptions): Promise<Buffer[]> {
    const success = blocks.map(({ hash }) => ({ get: this.#blockKey(hash) }));
    const { replies } = await this.#client.txn(
      { success },
      { ...call, timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS, repeatable: true, bulk: true },
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

  #missing(hashes: readonly string[], call: CallOptions): Promise<Set<string>> {
    return findMissing(this.#client, hashes, { ...call, storagePrefix: this.#prefixes.storagePrefix });
  }

  #blockKey(hash: string): string {
    return blockKey(hash, this.#prefixes.storagePrefix);
  }

  #is(key: string, revision: bigint): Compare {
    return { key, target: 'modRevision', relation: '=', to: revision };
  }
}
