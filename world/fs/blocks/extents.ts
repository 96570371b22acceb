import type { BlockRef } from '../tree/node.js';

/** Some bytes of a file that is being changed: part of a stored block, new bytes, or zeros that nobody wrote. */
export type Extent =
  | { readonly kind: 'stored'; readonly block: BlockRef; readonly from: number; readonly length: number }
  | { readonly kind: 'new'; readonly data: Buffer; readonly length: number }
  | { readonly kind: 'zeros'; readonly length: number };

/** What is smaller is joined with what is written beside it, so that many small appends do not leave as many blocks. */
const SMALL_BYTES = 64 << 10;

export function extentsOf(blocks: readonly BlockRef[]): Extent[] {
  return blocks.map((block) => ({ kind: 'stored', block, from: 0, length: block.length }));
}

export function lengthOf(pieces: readonly Extent[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** The pieces of a range, which may reach beyond the end. */
export function cutOut(pieces: readonly Extent[], start: number, end: number): Extent[] {
  const found: Extent[] = [];
  let position = 0;
  for (const piece of pieces) {
    if (position >= end) break;
    const from = Math.max(0, start - position);
    const to = Math.min(piece.length, end - position);
    if (from < to) found.push(partOf(piece, from, to));
    position += piece.length;
  }
  return found;
}

/** Replaces a range by `data`; a gap before it becomes zeros. */
export function writeInto(pieces: readonly Extent[], position: number, data: Buffer): Extent[] {
  const size = lengthOf(pieces);
  const before = resize(pieces, Math.min(position, Math.max(position, size)));
  const last = before.at(-1);
  const written: Extent = { kind: 'new', data, length: data.length };
  if (position < size || last === undefined) {
    return [...cutOut(pieces, 0, position), written, ...cutOut(pieces, position + data.length, size)];
  }
  return [...before, written];
}

/** Cuts off, or appends zeros. */
export function resize(pieces: readonly Extent[], size: number): Extent[] {
  const kept = cutOut(pieces, 0, size);
  const length = lengthOf(kept);
  return length < size ? [...kept, { kind: 'zeros', length: size - length }] : kept;
}

function partOf(piece: Extent, from: number, to: number): Extent {
  const length = to - from;
  if (length === piece.length || piece.kind === 'zeros') return { ...piece, length };
  if (piece.kind === 'new') return { kind: 'new', data: piece.data.subarray(from, to), length };
  return { ...piece, from: piece.from + from, length };
}

/** A stretch of pieces: whole stored blocks that stay as they are, or what has to be cut into blocks anew. */
export type Stretch =
  | { readonly kind: 'kept'; readonly blocks: readonly BlockRef[] }
  | { readonly kind: 'anew'; readonly pieces: readonly Extent[] };

/** Splits a file into stretches; small blocks beside new bytes are cut anew with them. */
export function stretchesOf(pieces: readonly Extent[]): Stretch[] {
  const anew = pieces.map((piece) => !isWhole(piece));
  for (const [index, piece] of pieces.entries()) {
    if (piece.length >= SMALL_BYTES || !isWhole(piece)) continue;
    const [before, after] = [pieces[index - 1], pieces[index + 1]];
    if ((before && !isWhole(before)) || (after && !isWhole(after))) anew[index] = true;
  }
  const stretches: Stretch[] = [];
  for (let index = 0; index < pieces.length; ) {
    let end = index + 1;
    while (end < pieces.length && anew[end] === anew[index]) end += 1;
    const run = pieces.slice(index, end);
    if (anew[index] === true) stretches.push({ kind: 'anew', pieces: run });
    else
      stretches.push({
        kind: 'kept',
        blocks: run.flatMap((piece) => (piece.kind === 'stored' ? [piece.block] : [])),
      });
    index = end;
  }
  return stretches;
}

function isWhole(piece: Extent): boolean {
  return piece.kind === 'stored' && piece.length === piece.block.length;
}
