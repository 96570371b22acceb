/** Reads a string as SSH writes it, and says where it ends. */
export function readString(packet: Buffer, offset: number): { readonly text: string; readonly end: number } {
  const end = offset + 4 + packet.readUInt32BE(offset);
  if (end > packet.length) throw new RangeError('A packet was truncated.');
  return { text: packet.toString('utf8', offset + 4, end), end };
}

/** Nothing that speaks the protocol sends longer packets. */
const MAX_PACKET_BYTES = 1 << 20;

/** Splits a stream into packets, each preceded by its length. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The packets that are complete now, without their lengths; they share the memory of what was read.
   * @throws RangeError for an impossible length: the rest of the stream is unusable
   */
  *read(chunk: Buffer): Generator<Buffer, void, void> {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (bytes.length >= 4) {
      const length = bytes.readUInt32BE(0);
      if (length > MAX_PACKET_BYTES) throw new RangeError(`A packet of ${length} bytes is too long.`);
      if (bytes.length < 4 + length) break;
      // Before the yield: the caller may stop there.
      this.#rest = bytes.subarray(4 + length);
      yield bytes.subarray(4, 4 + length);
      bytes = this.#rest;
    }
    this.#rest = bytes;
  }
}
