import type { CallOptions } from '../../call-options.js';
import { EventLoopYielder } from '../copy/event-loop-yielder.js';
import type { Volume } from '../volume.js';
import { measureSize } from './measure-size.js';
import type { DirectoryNode, Node } from './tree-node.js';

/**
 * All that lies below a directory, named by its path from there: each directory before what it holds, sorted by name.
 * @param options.name how errors name the directory.
 * @throws WorldError `too-large` before anything is unfolded.
 */
export async function listRecursively(
  volume: Volume,
  folder: DirectoryNode,
  { name, ...call }: CallOptions & { readonly name: string },
): Promise<(readonly [path: string, node: Node])[]> {
  await measureSize(volume, folder, { ...call, name });
  const pace = new EventLoopYielder(call.signal);
  const found: (readonly [string, Node])[] = [];
  const ahead = [{ prefix: '', entries: (await listFolder(volume, folder, call)).values() }];
  for (let at = ahead.at(-1); at !== undefined; at = ahead.at(-1)) {
    if (pace.isDue()) await pace.rest();
    const next = at.entries.next();
    if (next.done === true) {
      ahead.pop();
      continue;
    }
    const [own, node] = next.value;
    const path = at.prefix + own;
    found.push([path, node]);
    if (node.type === 'directory')
      ahead.push({ prefix: `${path}/`, entries: (await listFolder(volume, node, call)).values() });
  }
  return found;
}

/** What a directory holds, sorted by name. */
export async function listFolder(
  volume: Volume,
  folder: DirectoryNode,
  call: CallOptions,
): Promise<(readonly [name: string, node: Node])[]> {
  const [entries = new Map<string, Node>()] = await volume.entriesOf([folder], call);
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}
