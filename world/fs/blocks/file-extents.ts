import type { BlockRef } from '../tree/tree-node.js';

/** Some bytes of a file that is being changed: part of a stored block, new bytes, or zeros of a gap. */
export type Extent =
  | { readonly kind: 'stored'; readonly block: BlockRef; readonly from: number; readonly length: number }
  | { readonly kind: 'new'; readonly data: Buffer; readonly length: number }
  | { readonly kind: 'zeros'; readonly length: number };

/** What is smaller is joined with what is written beside it, so that many small appends do not leave as many blocks. */
const SMALL_BYTES = 64 << 10;

export function extentsOf(blocks: readonly BlockRef[]): Extent[] {
  return blocks.map((block) => ({ kind: 'stored', block, from: 0, length: block.length }));
}

export function lengthOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

/** The extents of a range, which may reach beyond the end. */
export function cutOut(extents: readonly Extent[], start: number, end: number): Extent[] {
  const found: Extent[] = [];
  let position = 0;
  for (const extent of extents) {
    if (position >= end) break;
    const from = Math.max(0, start - position);
    const to = Math.min(extent.length, end - position);
    if (from < to) found.push(partOf(extent, from, to));
    position += extent.length;
  }
  return found;
}

/** Replaces a range by `data`; a gap before it becomes zeros. */
export function writeInto(extents: readonly Extent[], position: number, data: Buffer): Extent[] {
  const size = lengthOf(extents);
  const before = resize(extents, Math.min(position, Math.max(position, size)));
  const last = before.at(-1);
  const written: Extent = { kind: 'new', data, length: data.length };
  if (position < size || last === undefined) {
    return [...cutOut(extents, 0, position), written, ...cutOut(extents, position + data.length, size)];
  }
  return [...before, written];
}

/** Cuts off, or appends zeros. */
export function resize(extents: readonly Extent[], size: number): Extent[] {
  const kept = cutOut(extents, 0, size);
  const length = lengthOf(kept);
  return length < size ? [...kept, { kind: 'zeros', length: size - length }] : kept;
}

function partOf(extent: Extent, from: number, to: number): Extent {
  const length = to - from;
  if (length === extent.length || extent.kind === 'zeros') return { ...extent, length };
  if (extent.kind === 'new') return { kind: 'new', data: extent.data.subarray(from, to), length };
  return { ...extent, from: extent.from + from, length };
}

/** A stretch of extents: whole stored blocks that stay as they are, or what has to be cut into blocks again. */
export type Stretch =
  | { readonly kind: 'kept'; readonly blocks: readonly BlockRef[] }
  | { readonly kind: 'changed'; readonly extents: readonly Extent[] };

/** Splits a file into stretches; small blocks beside new bytes are cut again with them. */
export function stretchesOf(extents: readonly Extent[]): Stretch[] {
  const isChanged = extents.map((extent) => !isWhole(extent));
  for (const [index, extent] of extents.entries()) {
    if (extent.length >= SMALL_BYTES || !isWhole(extent)) continue;
    const [before, after] = [extents[index - 1], extents[index + 1]];
    if ((before && !isWhole(before)) || (after && !isWhole(after))) isChanged[index] = true;
  }
  const stretches: Stretch[] = [];
  for (let index = 0; index < extents.length; ) {
    let end = index + 1;
    while (end < extents.length && isChanged[end] === isChanged[index]) end += 1;
    const run = extents.slice(index, end);
    if (isChanged[index] === true) stretches.push({ kind: 'changed', extents: run });
    else
      stretches.push({
        kind: 'kept',
        blocks: run.flatMap((extent) => (extent.kind === 'stored' ? [extent.block] : [])),
      });
    index = end;
  }
  return stretches;
}

function isWhole(extent: Extent): boolean {
  return extent.kind === 'stored' && extent.length === extent.block.length;
}
