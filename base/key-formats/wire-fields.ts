/** The longest number in a key that OpenSSH accepts. */
const MAX_NUMBER_BYTES = 2_048;

/** A string as SSH writes it: its length, then its bytes. */
export function sshString(content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Numbers of 32 bits as SSH writes them. */
export function uint32(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * index);
  return bytes;
}

/** Reads the fields of SSH messages and keys; undefined for an invalid or missing field. */
export class FieldReader {
  readonly #content: Buffer;
  #at: number;

  constructor(content: Buffer, at = 0) {
    this.#content = content;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#content.length;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  byte(): number | undefined {
    if (this.#at >= this.#content.length) return undefined;
    this.#at += 1;
    return this.#content.readUInt8(this.#at - 1);
  }

  /** A number of 32 bits. */
  uint32(): number | undefined {
    if (this.#at + 4 > this.#content.length) return undefined;
    const number = this.#content.readUInt32BE(this.#at);
    this.#at += 4;
    return number;
  }

  /** A length, then as many bytes. */
  string(): Buffer | undefined {
    const at = this.#at;
    const length = this.uint32();
    if (length === undefined || this.#at + length > this.#content.length) {
      this.#at = at;
      return undefined;
    }
    const start = this.#at;
    this.#at += length;
    return this.#content.subarray(start, this.#at);
  }

  /** A text; like OpenSSH it allows a NUL at the end and nowhere else. */
  text(): string | undefined {
    const bytes = this.string();
    if (bytes === undefined) return undefined;
    const nul = bytes.indexOf(0);
    if (nul !== -1 && nul < bytes.length - 1) return undefined;
    return bytes.toString('latin1', 0, nul === -1 ? bytes.length : nul);
  }

  /** A non-negative number, without leading zero bytes. */
  number(): Buffer | undefined {
    const bytes = this.string();
    if (bytes === undefined || (bytes[0] ?? 0) >= 0x80) return undefined;
    let start = 0;
    while (bytes[start] === 0) start += 1;
    const isTooLong =
      bytes.length > MAX_NUMBER_BYTES + 1 || (bytes.length === MAX_NUMBER_BYTES + 1 && start === 0);
    return isTooLong ? undefined : bytes.subarray(start);
  }
}

/** Strings in sequence, each preceded by its length. */
export function joinStrings(strings: readonly Buffer[]): Buffer {
  return Buffer.concat(strings.map(sshString));
}

/** A number as SSH sends it: with a zero byte in front if it would look negative. */
export function numberBytes(number: Buffer): Buffer {
  return (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;
}
