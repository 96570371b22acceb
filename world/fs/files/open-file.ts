import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import type { Pin } from '../storage/storage.js';
import type { CanonicalPath } from '../tree/tree-draft.js';
import type { FileNode } from '../tree/tree-node.js';
import type { Volume } from '../volume.js';
import { OpenFileContent } from './open-file-content.js';

/** A file while at least one handle of this process has it open; all of them share it. */
export class OpenFile {
  /** Where it is; undefined once it was removed. */
  path: CanonicalPath | undefined;
  handles = 0;
  readonly content: OpenFileContent;
  readonly #volume: Volume;
  #node: FileNode;
  #isDirty = false;
  /** Held from the first block that is stored until the file is. */
  #pin: Promise<Pin> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(volume: Volume, path: CanonicalPath, node: FileNode) {
    this.#volume = volume;
    this.path = path;
    this.#node = node;
    this.content = new OpenFileContent(volume.storage, node.blocks);
  }

  /** As it is with what was written and not yet stored. */
  get node(): FileNode {
    return { ...this.#node, sizeBytes: this.content.sizeBytes };
  }

  /** This process has just replaced the file in the tree by this node. */
  replaced(node: FileNode): void {
    this.#node = node;
    this.content.truncate(0);
    this.#isDirty = false;
  }

  change(work: () => void): void {
    work();
    this.#isDirty = true;
    this.#node = { ...this.#node, mtimeMs: Date.now() };
  }

  /** One after the other, so that reads and writes of several callers do not mix. */
  serialize<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Stores whole blocks while more is being appended, so that memory stays small. */
  async storeIfLarge(call: CallOptions): Promise<void> {
    if (!this.content.isFull || this.path === undefined) return;
    this.#pin ??= this.#volume.storage.pin(call);
    await this.#pin;
    await this.content.toBlocks({ atEnd: false, unsent: undefined }, call);
  }

  /** Stores what was written. @throws WorldError `conflict` when somebody else changed the file meanwhile. */
  async store(call: CallOptions): Promise<void> {
    if (!this.#isDirty) return;
    if (!this.content.isSmall) this.#pin ??= this.#volume.storage.pin(call);
    const pinning = this.#pin;
    try {
      await pinning;
      if (this.path !== undefined) await this.#commit(call);
      this.#isDirty = false;
    } finally {
      this.#pin = undefined;
      await (await pinning?.catch(() => undefined))?.release();
    }
  }

  async #commit(call: CallOptions): Promise<void> {
    const unsent = new Map<string, Buffer>();
    const blocks = await this.content.toBlocks({ atEnd: true, unsent }, call);
    const [before, sizeBytes, mtimeMs] = [this.#node, this.content.sizeBytes, this.#node.mtimeMs];
    let path: CanonicalPath | undefined;
    this.#node = await this.#volume.change(
      (draft) => {
        path ??= this.path ?? [];
        const found = draft.at(path);
        if (found?.type !== 'file' || !holdsSame(found, before)) throw changed(path);
        const next: FileNode = { ...found, sizeBytes, blocks, mtimeMs };
        draft.put(path, next, { touching: false });
        return next;
      },
      call,
      unsent,
    );
  }
}

function holdsSame(a: FileNode, b: FileNode): boolean {
  return (
    a.blocks.length === b.blocks.length && a.blocks.every(({ hash }, index) => hash === b.blocks[index]?.hash)
  );
}

function changed(path: CanonicalPath): WorldError {
  const name = `/${path.join('/')}`;
  return new WorldError(
    'conflict',
    `Could not write ${name}: somebody else changed it while it was open. Open it again.`,
    { key: name },
  );
}
