/** A key prefix: added to every key sent to etcd and removed from every key that comes back. */
export class Namespace {
  readonly prefix: string;
  readonly #prefixLength: number;

  /** @param prefix such as `/_mgmt`, or an empty string for none; trailing slashes are dropped. */
  constructor(prefix: string) {
    this.prefix = prefix.replace(/\/+$/, '');
    this.#prefixLength = Buffer.byteLength(this.prefix);
  }

  /** A namespace of this namespace's keys that start with `prefix`. */
  nested(prefix: string): Namespace {
    return new Namespace(this.prefix + prefix);
  }

  /** The key as etcd stores it. */
  add(key: string): Buffer {
    return Buffer.from(this.prefix + key);
  }

  /** The key as callers know it. */
  strip(key: Buffer): string {
    return key.toString('utf8', this.#prefixLength);
  }
}

/** The end of the range of all keys that start with `prefix`; a single zero byte means "to the last key". */
export function prefixEnd(prefix: Buffer): Buffer {
  for (let index = prefix.length - 1; index >= 0; index -= 1) {
    const byte = prefix[index] ?? 0xff;
    if (byte < 0xff) return Buffer.concat([prefix.subarray(0, index), Buffer.from([byte + 1])]);
  }
  return Buffer.from([0]);
}
