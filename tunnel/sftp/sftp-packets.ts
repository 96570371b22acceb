import { uint32 } from '../../base/key-formats/wire-fields.js';

/** Numbers of SFTP, version 3 (draft-ietf-secsh-filexfer-02, which all servers speak). */
export const SFTP = {
  INIT: 1,
  VERSION: 2,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED: 200,
} as const;

const HAS_SIZE = 1;
const HAS_OWNER = 2;
const HAS_MODE = 4;
const HAS_TIMES = 8;
const HAS_MORE = 0x8000_0000;

/** What a server says of a file. */
export interface SftpAttributes {
  readonly sizeBytes?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** With the type of the file, as `st_mode`. */
  readonly mode?: number;
  /** Of the last change of its content, in seconds since the epoch. */
  readonly mtimeSeconds?: number;
}

/** A name in a directory: bytes, whatever they mean. */
export interface SftpName {
  readonly name: Buffer;
  readonly attributes: SftpAttributes;
}

/** Attributes to set; sizes are not. */
export function encodeAttributes({ uid, gid, mode, mtimeSeconds }: SftpAttributes): Buffer {
  const hasOwner = uid !== undefined && gid !== undefined;
  const flags =
    (hasOwner ? HAS_OWNER : 0) +
    (mode === undefined ? 0 : HAS_MODE) +
    (mtimeSeconds === undefined ? 0 : HAS_TIMES);
  return Buffer.concat([
    uint32(flags),
    ...(hasOwner ? [uint32(uid, gid)] : []),
    ...(mode === undefined ? [] : [uint32(mode)]),
    ...(mtimeSeconds === undefined ? [] : [uint32(mtimeSeconds, mtimeSeconds)]),
  ]);
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A request, with its number before its fields. */
export function encodeRequest(type: number, id: number, fields: readonly Buffer[]): Buffer {
  const content = Buffer.concat([Buffer.from([type]), uint32(id), ...fields]);
  return Buffer.concat([uint32(content.length), content]);
}

/** The first packet, with the version that we speak. */
export function encodeInit(): Buffer {
  return Buffer.concat([uint32(5), Buffer.from([SFTP.INIT]), uint32(3)]);
}

/** Reads the fields of one packet. @throws RangeError for one that is too short */
export class SftpFields {
  readonly #packet: Buffer;
  #at: number;

  constructor(packet: Buffer, at = 0) {
    this.#packet = packet;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#packet.length;
  }

  uint32(): number {
    const value = this.#packet.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  bytes(): Buffer {
    const length = this.uint32();
    const end = this.#at + length;
    if (end > this.#packet.length) throw new RangeError('a field is longer than its packet');
    const bytes = this.#packet.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  attributes(): SftpAttributes {
    const flags = this.uint32();
    const found: { -readonly [Name in keyof SftpAttributes]: SftpAttributes[Name] } = {};
    if ((flags & HAS_SIZE) !== 0) found.sizeBytes = this.#uint64();
    if ((flags & HAS_OWNER) !== 0) [found.uid, found.gid] = [this.uint32(), this.uint32()];
    if ((flags & HAS_MODE) !== 0) found.mode = this.uint32();
    if ((flags & HAS_TIMES) !== 0) [, found.mtimeSeconds] = [this.uint32(), this.uint32()];
    if ((flags & HAS_MORE) !== 0) {
      for (let more = this.uint32(); more > 0; more -= 1) {
        this.bytes();
        this.bytes();
      }
    }
    return found;
  }

  #uint64(): number {
    const value = Number(this.#packet.readBigUInt64BE(this.#at));
    this.#at += 8;
    if (!Number.isSafeInteger(value)) throw new RangeError('a size is beyond what a file can have');
    return value;
  }
}
