import { createHash } from 'node:crypto';

/** How a text or file is cut. An insertion moves the cuts near it only, so that the rest keeps its blocks. */
export interface Cuts {
  readonly minBytes: number;
  readonly maxBytes: number;
  /** After `minBytes`, one position in 2^bits is a cut. */
  readonly bits: number;
}

/**
 * Files: about 96 KiB. A request stays far below etcd's 1.5 MiB, a change of one byte costs one block, and with many
 * in flight the window of the connection rules the speed, not the size of the blocks.
 */
export const DATA_CUTS: Cuts = { minBytes: 32 << 10, maxBytes: 256 << 10, bits: 16 };

/** The entries of directories: about 12 KiB, 80 files, so that changing one of thousands costs little. */
export const ENTRIES_CUTS: Cuts = { minBytes: 4 << 10, maxBytes: 64 << 10, bits: 13 };

/** One number for each byte; derived, so that every program cuts alike. */
function makeGear(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) =>
    createHash('sha256').update(`hawser ${byte}`).digest().readInt32LE(),
  );
}

/** Made when something is cut. */
let gear: Int32Array | undefined;

/**
 * The length of the first block of `data`; undefined when that takes more data to tell and `atEnd` is false.
 * A rolling hash over the last 32 bytes decides.
 */
export function firstCut(data: Buffer, cuts: Cuts, atEnd: boolean): number | undefined {
  gear ??= makeGear();
  const end = Math.min(data.length, cuts.maxBytes);
  const shift = 32 - cuts.bits;
  let hash = 0;
  for (let index = Math.max(0, cuts.minBytes - 32); index < end; index += 1) {
    hash = ((hash << 1) + (gear[data[index] ?? 0] ?? 0)) | 0;
    if (hash >>> shift === 0 && index >= cuts.minBytes) return index;
  }
  return end === cuts.maxBytes || atEnd ? end : undefined;
}

/** Cuts all of `data`. */
export function* cutAll(data: Buffer, cuts: Cuts): Generator<Buffer> {
  let rest = data;
  while (rest.length > 0) {
    const length = firstCut(rest, cuts, true) ?? rest.length;
    yield rest.subarray(0, length);
    rest = rest.subarray(length);
  }
}
