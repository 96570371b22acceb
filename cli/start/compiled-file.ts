import { fstatSync, openSync, readSync } from 'node:fs';
import { Script } from 'node:vm';
import type { Chunk } from './load-program.js';

/** A place in a file: how far from its beginning, and how many bytes. */
export type Place = readonly [offset: number, length: number];

/** Chunks that the same commands need, by their names. */
type Pack = Readonly<Record<string, Chunk>>;

/** What stands at the beginning of a compiled file, after its own length in hexadecimal digits. */
export interface CompiledIndex {
  /** The chunk that is run first. */
  readonly main: string;
  /** The text of each pack and what V8 made of it, behind this index. */
  readonly packs: readonly (readonly [text: Place, data: Place])[];
  readonly packOf: Readonly<Record<string, number>>;
  /** How long all packs are together. */
  readonly length: number;
  /** Of every chunk, in the file of the program. */
  readonly places: Readonly<Record<string, Place>>;
}

export const LENGTH_DIGITS = 8;

/** The program as it was compiled ahead. V8 refuses what another version of it made, and compiles instead. */
export class CompiledFile {
  readonly main: string;
  readonly #index: CompiledIndex;
  /** Both stay open, so that a program that runs while another one is built goes on with its own. */
  readonly #compiled: number;
  readonly #program: number;
  readonly #packsAt: number;
  readonly #packs = new Map<number, Pack>();

  /**
   * @param file what `compile-ahead.js` wrote
   * @param program the file of the program, all ASCII
   * @throws Error where one of them is not there, or the first is something else
   */
  constructor(file: string, program: string) {
    this.#compiled = openSync(file, 'r');
    this.#program = openSync(program, 'r');
    const length = Number.parseInt(read(this.#compiled, [0, LENGTH_DIGITS]).toString('latin1'), 16);
    this.#packsAt = LENGTH_DIGITS + length;
    const index = read(this.#compiled, [LENGTH_DIGITS, length]).toString('latin1');
    this.#index = JSON.parse(index) as CompiledIndex;
    this.main = this.#index.main;
    const { size } = fstatSync(this.#compiled);
    if (size !== this.#packsAt + this.#index.length) throw new Error('The file was cut.');
  }

  find(name: string): Chunk | undefined {
    const number = this.#index.packOf[name];
    if (number !== undefined) return this.#pack(number)[name];
    const place = this.#index.places[name];
    return place && (compile(chunkText(read(this.#program, place)), name).runInThisContext() as Chunk);
  }

  /** The text of each pack, and what V8 made of it. */
  get packs(): { readonly text: string; readonly data: Buffer }[] {
    return this.#index.packs.map((_, number) => this.#partsOf(number));
  }

  #pack(number: number): Pack {
    const known = this.#packs.get(number);
    if (known !== undefined) return known;
    const { text, data } = this.#partsOf(number);
    const pack = compile(text, `pack ${number}`, data).runInThisContext() as Pack;
    this.#packs.set(number, pack);
    return pack;
  }

  #partsOf(number: number): { readonly text: string; readonly data: Buffer } {
    const [text, data] = this.#index.packs[number] ?? [];
    if (text === undefined || data === undefined) throw new Error(`There is no pack ${number}.`);
    return { text: this.#read(text).toString('latin1'), data: this.#read(data) };
  }

  #read([offset, length]: Place): Buffer {
    return read(this.#compiled, [this.#packsAt + offset, length]);
  }
}

/** As an expression. */
export function chunkText(chunk: Buffer): string {
  return `(${chunk.toString('latin1')})`;
}

/** @param data what V8 made of the same text before */
export function compile(text: string, name: string, data?: Buffer): Script {
  return new Script(text, { filename: `hawser:${name}`, ...(data && { cachedData: data }) });
}

function read(descriptor: number, [offset, length]: Place): Buffer {
  const buffer = Buffer.allocUnsafeSlow(length);
  if (readSync(descriptor, buffer, 0, length, offset) !== length) throw new Error('The file is too short.');
  return buffer;
}
