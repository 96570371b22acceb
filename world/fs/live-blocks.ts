import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { WorldError } from '../errors.js';
import type { CallOptions } from '../world.js';
import { BULK_TIMEOUT_MS, batches, IN_FLIGHT } from './batches.js';
import { blockKey, decodeBlock } from './blocks.js';
import { inParallel } from './in-parallel.js';
import type { BlockRef, Entries } from './node.js';
import { decodeEntries, decodeSuperblock } from './tree-codec.js';

/** Which blocks superblocks name; what was found out once about an unchanged superblock is remembered. */
export class LiveBlocks {
  readonly #client: Client;
  readonly #known = new Map<string, { readonly modRevision: bigint; readonly hashes: ReadonlySet<string> }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** @throws WorldError `invalid` or `not-found` naming a superblock that cannot be read: what it names is unknown. */
  async of(superblocks: readonly KeyValue[], call: CallOptions): Promise<Set<string>> {
    const live = new Set<string>();
    for (const entry of superblocks) {
      const known = this.#known.get(entry.key);
      const hashes = known?.modRevision === entry.modRevision ? known.hashes : await this.#named(entry, call);
      this.#known.set(entry.key, { modRevision: entry.modRevision, hashes });
      for (const hash of hashes) live.add(hash);
    }
    return live;
  }

  async #named({ key, value }: KeyValue, call: CallOptions): Promise<Set<string>> {
    const json = value.toString();
    const hashes = new Set<string>();
    try {
      await this.#ofEntries(new Map([['', decodeSuperblock(json, key)]]), { key, hashes }, call);
    } catch (cause) {
      if (!(cause instanceof WorldError) || (cause.code !== 'invalid' && cause.code !== 'not-found'))
        throw cause;
      const message = `Could not free blocks: which of them ${key} names cannot be read, so none was deleted. Remove or mend that key.`;
      throw new WorldError(cause.code, message, { key, cause });
    }
    return hashes;
  }

  async #ofEntries(
    entries: Entries,
    found: { readonly key: string; readonly hashes: Set<string> },
    call: CallOptions,
  ): Promise<void> {
    const add = (refs: readonly BlockRef[]): void => {
      for (const { hash } of refs) found.hashes.add(hash);
    };
    for (const node of entries.values()) {
      if (node.type === 'file') add(node.blocks);
      if (node.type !== 'directory') continue;
      if ('entries' in node) {
        await this.#ofEntries(node.entries, found, call);
      } else {
        add(node.entriesIn);
        const json = await this.#text(node.entriesIn, call);
        await this.#ofEntries(decodeEntries(json, found.key), found, call);
      }
    }
  }

  async #text(refs: readonly BlockRef[], call: CallOptions): Promise<string> {
    const parts = new Map<string, Buffer>();
    const wanted = new Map(refs.map((ref) => [ref.hash, ref])).values();
    await inParallel(batches(wanted), IN_FLIGHT, async (batch) => {
      const success = batch.map(({ hash }) => ({ get: blockKey(hash) }));
      const options = { timeoutMs: BULK_TIMEOUT_MS, ...call, repeatable: true, bulk: true };
      const { replies } = await this.#client.txn({ success }, options);
      for (const [index, ref] of batch.entries()) {
        const { hash } = ref;
        const stored = replies[index]?.entries[0];
        if (stored === undefined)
          throw new WorldError('not-found', `There is no block ${hash}.`, { key: blockKey(hash) });
        parts.set(hash, await decodeBlock(ref, stored.value));
      }
    });
    return Buffer.concat(refs.map(({ hash }) => parts.get(hash) ?? Buffer.alloc(0))).toString();
  }
}
