import { onAbort } from '../../base/abort.js';
import { TunnelError } from '../errors.js';
import type { RemoteCommand } from '../exec/remote-command.js';
import { shorten } from '../format-for-message.js';
import { PacketReader } from '../transport/openssh/split-packets.js';
import { encodeInit, encodeRequest, SFTP, SftpFields } from './sftp-packets.js';

/** What a server answers where something cannot be done. */
export class SftpError extends Error {
  override readonly name = 'SftpError';
  readonly code: 'absent' | 'denied' | 'unsupported' | 'failed';

  /** @param words of the server */
  constructor(status: number, words: string) {
    super(describe(status, words));
    this.code = status === 2 ? 'absent' : status === 3 ? 'denied' : status === 8 ? 'unsupported' : 'failed';
  }
}

function describe(status: number, words: string): string {
  if (status === 2) return 'no such file or directory';
  if (status === 3) return 'permission denied';
  // "Failure" stands for a full disk, a directory that is not empty and much else.
  if (status === 4) return 'the host only says that it failed; its disk may be full';
  return shorten(words) || `the host answers with status ${status}`;
}

/** An answer: its type, and a reader of what follows its number. */
export interface SftpAnswer {
  readonly type: number;
  readonly fields: SftpFields;
}

interface Waiting {
  readonly resolve: (answer: SftpAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests and answers of one SFTP session. Any number can be under way. */
export class SftpSession {
  /** Names of extensions that the server has. */
  readonly extensions = new Set<string>();
  readonly #command: RemoteCommand;
  readonly #host: string;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  readonly #packets = new PacketReader();
  #failure: unknown;
  #greeted: () => void = () => {};
  #isGreeted = false;

  constructor(command: RemoteCommand, host: string) {
    this.#command = command;
    this.#host = host;
    command.stderr.resume();
    command.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    command.stdout.once('error', (error) => this.#fail(error));
    command.exit.then(
      () => this.#fail(this.#isGreeted ? this.#broken('its SFTP server has ended') : this.#hasNone()),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Agrees on the version; resolves when files can be asked for. */
  async greet(signal: AbortSignal): Promise<void> {
    const unlisten = onAbort([signal], () => this.#fail(signal.reason));
    try {
      await new Promise<void>((resolve, reject) => {
        this.#greeted = resolve;
        this.#waiting.set(-1, { resolve: () => resolve(), reject });
        this.#command.stdin.write(encodeInit());
        if (this.#failure !== undefined) reject(this.#failure);
      });
    } finally {
      unlisten();
      this.#waiting.delete(-1);
    }
  }

  /** Sends a request; resolves with what answers it. @throws SftpError for a status that is no success, TunnelError when lost */
  ask(type: number, ...fields: readonly Buffer[]): Promise<SftpAnswer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId;
    this.#nextId = (this.#nextId + 1) % 2 ** 32;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#command.stdin.write(encodeRequest(type, id, fields));
    });
  }

  async close(): Promise<void> {
    this.#fail(this.#broken('its SFTP session was closed'));
    this.#command.stdin.end();
    await this.#command.close();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const packet of this.#packets.read(chunk)) this.#take(packet);
    } catch (error) {
      this.#fail(this.#broken('its SFTP server sent invalid data', error));
    }
  }

  #take(packet: Buffer): void {
    const type = packet.readUInt8(0);
    const fields = new SftpFields(packet, 1);
    if (type === SFTP.VERSION) {
      if (fields.uint32() < 3) throw new RangeError('its version of SFTP is too old');
      while (!fields.isAtEnd) {
        this.extensions.add(fields.text());
        fields.bytes();
      }
      this.#isGreeted = true;
      this.#greeted();
      return;
    }
    const id = fields.uint32();
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) throw new RangeError('an answer to nothing');
    this.#waiting.delete(id);
    if (type !== SFTP.STATUS) waiting.resolve({ type, fields });
    else {
      const status = fields.uint32();
      const words = fields.isAtEnd ? '' : fields.text();
      if (status === 0) waiting.resolve({ type, fields });
      else waiting.reject(status === END ? new EndOfFile() : new SftpError(status, words));
    }
  }

  /** sshd accepts the subsystem, whose program is not there. */
  #hasNone(): TunnelError {
    const message = `${this.#host} has no SFTP: its server ended at once. Check "Subsystem sftp" in its sshd_config.`;
    return new TunnelError('exec-refused', this.#host, message);
  }

  #broken(problem: string, cause?: unknown): TunnelError {
    const message = `The files of ${this.#host} cannot be reached any more: ${problem}.`;
    return new TunnelError('outcome-unknown', this.#host, message, { cause });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

const END = 1;

/** There is nothing more to read. */
export class EndOfFile extends Error {
  override readonly name = 'EndOfFile';
}
