const PREFACE_BYTES = 24;
const HEADER_BYTES = 9;
const DATA = 0;
const HEADERS = 1;

/** Reads along with what an HTTP/2 client sends on one connection, and tells its requests from the upkeep of the connection. */
export class Http2Requests {
  #skip = PREFACE_BYTES;
  #header = Buffer.alloc(0);

  /** How many requests begin in this chunk, and whether anything of a request does: pings and window updates are none. */
  read(chunk: Buffer): { requests: number; isMessage: boolean } {
    let requests = 0;
    let isMessage = false;
    let rest = chunk;
    while (rest.length > 0) {
      const skipped = Math.min(this.#skip, rest.length);
      this.#skip -= skipped;
      rest = rest.subarray(skipped);
      const taken = rest.subarray(0, HEADER_BYTES - this.#header.length);
      this.#header = Buffer.concat([this.#header, taken]);
      rest = rest.subarray(taken.length);
      if (this.#header.length < HEADER_BYTES) break;
      const type = this.#header.readUInt8(3);
      requests += type === HEADERS ? 1 : 0;
      isMessage ||= type === HEADERS || type === DATA;
      this.#skip = this.#header.readUIntBE(0, 3);
      this.#header = Buffer.alloc(0);
    }
    return { requests, isMessage };
  }
}
