import { sshString, uint32 } from '../../base/key-formats/wire-fields.js';
import { formatDestination } from '../parse-destination.js';
import type { Tunnel } from '../tunnel.js';
import { encodeAttributes, SFTP, type SftpAttributes, type SftpName, uint64 } from './sftp-packets.js';
import { EndOfFile, SftpError, SftpSession } from './sftp-session.js';

const CHUNK_BYTES = 32 * 1024;
/** How many requests of one file are under way, so that a far host does not make it slow. */
const UNDER_WAY = 32;
/** More names than any directory should have. */
const MOST_NAMES = 1_000_000;

const READ = 1;
const WRITE = 2;
const CREATE = 8;
const EXCLUSIVE = 32;

/**
 * The files of a host, over SFTP. Paths are bytes, relative ones from where the login begins. What the host says of its files
 * is data: names in particular can be anything.
 */
export class SftpFiles implements AsyncDisposable {
  readonly #session: SftpSession;

  private constructor(session: SftpSession) {
    this.#session = session;
  }

  /** @throws TunnelError `exec-refused` where the host has no SFTP, and as `Tunnel.exec` */
  static async open(tunnel: Tunnel, signal: AbortSignal): Promise<SftpFiles> {
    const command = await tunnel.exec({ subsystem: 'sftp' }, { signal });
    const { via } = tunnel.state;
    const session = new SftpSession(command, via === undefined ? 'the host' : formatDestination(via));
    await session.greet(signal);
    return new SftpFiles(session);
  }

  /** Undefined where there is nothing. */
  stat(path: Buffer): Promise<SftpAttributes | undefined> {
    return this.#look(SFTP.STAT, path);
  }

  /** Likewise, of a link itself. */
  lstat(path: Buffer): Promise<SftpAttributes | undefined> {
    return this.#look(SFTP.LSTAT, path);
  }

  /** What lies in a directory, but for itself and its parent. */
  async *list(path: Buffer): AsyncGenerator<SftpName> {
    const handle = await this.#open(SFTP.OPENDIR, path);
    let count = 0;
    try {
      for (;;) {
        const { fields } = await this.#session.ask(SFTP.READDIR, sshString(handle));
        for (let left = fields.uint32(); left > 0; left -= 1) {
          const name = fields.bytes();
          fields.bytes(); // as ls would print it
          const attributes = fields.attributes();
          const isSelf = name.equals(Buffer.from('.')) || name.equals(Buffer.from('..'));
          if (isSelf) continue;
          count += 1;
          if (count > MOST_NAMES) throw new RangeError(`a directory of more than ${MOST_NAMES} names`);
          yield { name: Buffer.from(name), attributes };
        }
      }
    } catch (error) {
      if (!(error instanceof EndOfFile)) throw error;
    } finally {
      await this.#close(handle);
    }
  }

  /** The content of a file from a place on, up to another one or its end. */
  async *read(
    path: Buffer,
    { from, to }: { readonly from: number; readonly to: number },
  ): AsyncGenerator<Buffer> {
    const handle = await this.#open(SFTP.OPEN, path, uint32(READ), encodeAttributes({}));
    const asked: { readonly at: number; readonly length: number; readonly answer: Promise<Buffer> }[] = [];
    let next = from;
    const ask = (at: number, length: number) => {
      const answer = this.#readAt(handle, at, length);
      answer.catch(() => undefined);
      return { at, length, answer };
    };
    try {
      for (;;) {
        while (asked.length < UNDER_WAY && next < to) {
          const length = Math.min(CHUNK_BYTES, to - next);
          asked.push(ask(next, length));
          next += length;
        }
        const first = asked.shift();
        if (first === undefined) return;
        const bytes = await first.answer;
        if (bytes.length === 0) return;
        yield bytes;
        if (bytes.length < first.length)
          asked.unshift(ask(first.at + bytes.length, first.length - bytes.length));
      }
    } finally {
      await this.#close(handle);
    }
  }

  /** Writes to a file from a place on. @param isNew refuses one that is there, and makes it with mode 0600 */
  async write(
    path: Buffer,
    content: AsyncIterable<Buffer>,
    {
      from,
      isNew,
      onWritten,
    }: { readonly from: number; readonly isNew: boolean; readonly onWritten: (bytes: number) => void },
  ): Promise<void> {
    const flags = isNew ? WRITE | CREATE | EXCLUSIVE : WRITE;
    const handle = await this.#open(SFTP.OPEN, path, uint32(flags), encodeAttributes({ mode: 0o600 }));
    const underWay: Promise<unknown>[] = [];
    try {
      let at = from;
      for await (const piece of content) {
        for (let cut = 0; cut < piece.length; cut += CHUNK_BYTES) {
          const bytes = piece.subarray(cut, cut + CHUNK_BYTES);
          const written = this.#session
            .ask(SFTP.WRITE, sshString(handle), uint64(at), sshString(bytes))
            .then(() => onWritten(bytes.length));
          written.catch(() => undefined);
          underWay.push(written);
          at += bytes.length;
          if (underWay.length >= UNDER_WAY) await underWay.shift();
        }
      }
      await Promise.all(underWay);
      await this.#sync(handle);
    } finally {
      await this.#close(handle);
    }
  }

  async setAttributes(path: Buffer, attributes: SftpAttributes): Promise<void> {
    await this.#session.ask(SFTP.SETSTAT, sshString(path), encodeAttributes(attributes));
  }

  async makeFolder(path: Buffer, mode: number): Promise<void> {
    await this.#session.ask(SFTP.MKDIR, sshString(path), encodeAttributes({ mode }));
  }

  async remove(path: Buffer): Promise<void> {
    await this.#session.ask(SFTP.REMOVE, sshString(path));
  }

  async readLink(path: Buffer): Promise<Buffer> {
    const { fields } = await this.#session.ask(SFTP.READLINK, sshString(path));
    fields.uint32();
    return Buffer.from(fields.bytes());
  }

  /** Makes a symbolic link. The draft has its arguments in the other order, which no server follows. */
  async makeLink(target: Buffer, path: Buffer): Promise<void> {
    await this.#session.ask(SFTP.SYMLINK, sshString(target), sshString(path));
  }

  /** Gives a file another name, in the place of one that has it. */
  async replace(from: Buffer, to: Buffer): Promise<void> {
    const names = [sshString(from), sshString(to)];
    if (this.#session.extensions.has('posix-rename@openssh.com')) {
      await this.#session.ask(SFTP.EXTENDED, sshString('posix-rename@openssh.com'), ...names);
      return;
    }
    // Without the extension the name must be free.
    await this.remove(to).catch(() => undefined);
    await this.#session.ask(SFTP.RENAME, ...names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }

  async #look(type: number, path: Buffer): Promise<SftpAttributes | undefined> {
    try {
      const { fields } = await this.#session.ask(type, sshString(path));
      return fields.attributes();
    } catch (error) {
      if (error instanceof SftpError && error.code === 'absent') return undefined;
      throw error;
    }
  }

  async #readAt(handle: Buffer, at: number, length: number): Promise<Buffer> {
    try {
      const { fields } = await this.#session.ask(SFTP.READ, sshString(handle), uint64(at), uint32(length));
      const bytes = fields.bytes();
      if (bytes.length > length) throw new RangeError('more than was asked for');
      return Buffer.from(bytes);
    } catch (error) {
      if (error instanceof EndOfFile) return Buffer.alloc(0);
      throw error;
    }
  }

  async #open(type: number, path: Buffer, ...fields: readonly Buffer[]): Promise<Buffer> {
    const answer = await this.#session.ask(type, sshString(path), ...fields);
    return Buffer.from(answer.fields.bytes());
  }

  async #sync(handle: Buffer): Promise<void> {
    if (!this.#session.extensions.has('fsync@openssh.com')) return;
    await this.#session.ask(SFTP.EXTENDED, sshString('fsync@openssh.com'), sshString(handle));
  }

  async #close(handle: Buffer): Promise<void> {
    await this.#session.ask(SFTP.CLOSE, sshString(handle)).catch(() => undefined); // all that matters was answered
  }
}
