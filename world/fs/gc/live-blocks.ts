import { inParallel } from '../../../base/in-parallel.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import type { KeyValue } from '../../client/key-value.js';
import { parseJson } from '../../client/stored/read-json.js';
import { WorldError } from '../../errors.js';
import { TREES_PREFIX } from '../../keys.js';
import { blockKey, decodeBlock } from '../blocks/block-codec.js';
import { EventLoopYielder } from '../copy/event-loop-yielder.js';
import { BULK_TIMEOUT_MS, batchBlocks, IN_FLIGHT } from '../storage/batch-blocks.js';
import { keyOf } from '../tree/fetched-listings.js';
import { decodeEntries, decodeSuperblock } from '../tree/tree-codec.js';
import { checkListing, LISTINGS_BYTES, lengthOfListing, tooLarge } from '../tree/tree-limits.js';
import type { BlockRef, Entries } from '../tree/tree-node.js';

/** What one list of entries names: blocks, and the lists of the directories in it. */
interface Named {
  readonly hashes: ReadonlySet<string>;
  readonly lists: readonly (readonly BlockRef[])[];
}

/**
 * Whether a key below a metadata prefix belongs to hawser, even if it is damaged or of a newer version. Other programs
 * such as mgmt store keys there too, which name no block of hawser.
 */
export function isSuperblock({ key, value }: KeyValue): boolean {
  const text = value.toString();
  if (/^[0-9a-f]{64}$/.test(key.startsWith(TREES_PREFIX) ? key.slice(TREES_PREFIX.length) : '')) return true;
  if (/^\s*\{\s*"(version|root)"/.test(text)) return true;
  const parsed = parseJson(text);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed && 'root' in parsed;
}

/**
 * Which blocks superblocks name. What superblocks, and directories of one, have in common is looked at once, and what a
 * block holds never changes, so it is remembered.
 */
export class LiveBlocks {
  readonly #client: Client;
  readonly #storagePrefix: string;
  readonly #lists = new Map<string, Named>();
  readonly #elsewhere = new Map<string, LiveBlocks>();

  constructor(client: Client, storagePrefix: string) {
    this.#client = client;
    this.#storagePrefix = storagePrefix;
  }

  /**
   * @param elsewhere the other prefixes where blocks of these superblocks may be: one that can be read there is none of
   * this prefix's.
   * @throws WorldError `invalid`, `not-found` or `too-large` naming a superblock that cannot be read: what it names is
   * unknown.
   */
  async of(
    superblocks: readonly KeyValue[],
    call: CallOptions,
    elsewhere: readonly string[] = [],
  ): Promise<Set<string>> {
    const live = new Set<string>();
    const seen = new Set<string>();
    const pace = new EventLoopYielder(call.signal);
    for (const entry of superblocks) {
      try {
        await this.#walk(entry, { live, seen, pace }, call);
      } catch (cause) {
        const isMissing = cause instanceof WorldError && cause.code === 'not-found';
        if (isMissing && (await this.#isElsewhere(entry, elsewhere, call))) continue;
        throw unreadable(entry.key, cause) ?? cause;
      }
    }
    return live;
  }

  async #isElsewhere(
    superblock: KeyValue,
    elsewhere: readonly string[],
    call: CallOptions,
  ): Promise<boolean> {
    for (const prefix of elsewhere) {
      const other = this.#elsewhere.get(prefix) ?? new LiveBlocks(this.#client, prefix);
      this.#elsewhere.set(prefix, other);
      try {
        await other.of([superblock], call);
        return true;
      } catch (error) {
        if (!(error instanceof WorldError) || error.code !== 'not-found') throw error;
      }
    }
    return false;
  }

  async #walk(
    { key, value }: KeyValue,
    { live, seen, pace }: { live: Set<string>; seen: Set<string>; pace: EventLoopYielder },
    call: CallOptions,
  ): Promise<void> {
    const ahead = [namedBy(new Map([['', decodeSuperblock(value.toString(), key)]]))];
    let bytes = 0;
    for (let named = ahead.pop(); named !== undefined; named = ahead.pop()) {
      for (const hash of named.hashes) live.add(hash);
      for (const refs of named.lists) {
        if (pace.isDue()) await pace.rest();
        const list = keyOf(refs);
        if (seen.has(list)) continue;
        bytes += lengthOfListing(refs);
        if (bytes > LISTINGS_BYTES) throw tooLarge(key, `has more than ${LISTINGS_BYTES} bytes of names`);
        ahead.push(await this.#named(refs, key, call));
        seen.add(list);
      }
    }
  }

  async #named(refs: readonly BlockRef[], key: string, call: CallOptions): Promise<Named> {
    const known = this.#lists.get(keyOf(refs));
    if (known !== undefined) return known;
    checkListing(refs, key);
    const { hashes, lists } = namedBy(decodeEntries(await this.#text(refs, call), key));
    const named = { hashes: new Set([...hashes, ...refs.map(({ hash }) => hash)]), lists };
    this.#lists.set(keyOf(refs), named);
    return named;
  }

  async #text(refs: readonly BlockRef[], call: CallOptions): Promise<string> {
    const parts = new Map<string, Buffer>();
    const wanted = new Map(refs.map((ref) => [ref.hash, ref])).values();
    await inParallel(batchBlocks(wanted), IN_FLIGHT, async (batch) => {
      const success = batch.map(({ hash }) => ({ get: blockKey(hash, this.#storagePrefix) }));
      const options = { ...call, timeoutMs: call.timeoutMs ?? BULK_TIMEOUT_MS, repeatable: true, bulk: true };
      const { replies } = await this.#client.txn({ success }, options);
      for (const [index, ref] of batch.entries()) {
        const { hash } = ref;
        const stored = replies[index]?.entries[0];
        const key = blockKey(hash, this.#storagePrefix);
        if (stored === undefined) throw new WorldError('not-found', `There is no block ${hash}.`, { key });
        parts.set(hash, await decodeBlock(ref, stored.value, key));
      }
    });
    return Buffer.concat(refs.map(({ hash }) => parts.get(hash) ?? Buffer.alloc(0))).toString();
  }
}

function namedBy(entries: Entries): Named {
  const hashes = new Set<string>();
  const lists: (readonly BlockRef[])[] = [];
  const ahead = [...entries.values()];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (node.type === 'file') for (const { hash } of node.blocks) hashes.add(hash);
    if (node.type !== 'directory') continue;
    if ('entriesIn' in node) lists.push(node.entriesIn);
    else for (const inner of node.entries.values()) ahead.push(inner);
  }
  return { hashes, lists };
}

function unreadable(key: string, cause: unknown): WorldError | undefined {
  if (!(cause instanceof WorldError)) return undefined;
  if (cause.code !== 'invalid' && cause.code !== 'not-found' && cause.code !== 'too-large') return undefined;
  const message = `Could not free blocks: ${key} cannot be read, so it is unknown which blocks it uses, and none was deleted. Repair or delete that key.`;
  return new WorldError(cause.code, message, { key, cause });
}
