/** No more bytes than OpenSSH takes for one number of a key. */
const MAX_NUMBER_BYTES = 2_048;

/** Reads what SSH's messages and keys are made of; undefined where there is no such thing, or no more. */
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

  /** A length, then as many bytes. */
  string(): Buffer | undefined {
    if (this.#at + 4 > this.#content.length) return undefined;
    const start = this.#at + 4;
    const end = start + this.#content.readUInt32BE(this.#at);
    if (end > this.#content.length) return undefined;
    this.#at = end;
    return this.#content.subarray(start, end);
  }

  /** A string for people; like OpenSSH it puts up with a NUL at the end and with none elsewhere. */
  text(): string | undefined {
    const bytes = this.string();
    if (bytes === undefined) return undefined;
    const nul = bytes.indexOf(0);
    if (nul !== -1 && nul < bytes.length - 1) return undefined;
    return bytes.toString('latin1', 0, nul === -1 ? bytes.length : nul);
  }

  /** A number that is not negative, without leading zero bytes. */
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

/** The strings one after the other, each with its length before it. */
export function joinStrings(strings: readonly Buffer[]): Buffer {
  return Buffer.concat(
    strings.flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** A number as SSH sends it: with a zero byte before one that would look negative. */
export function numberBytes(number: Buffer): Buffer {
  return (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;
}
