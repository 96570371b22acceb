import type { Socket } from 'node:net';
import { sshString, uint32 } from '../../../base/key-formats/wire-fields.js';
import type { Pty, SessionProgram, TerminalSize } from '../../exec/session-program.js';
import type { ChannelTarget } from '../../forward/forward-target.js';
import { Channel, type ChannelOutlet, MAX_RECEIVED_BYTES, RECEIVE_WINDOW_BYTES } from './channel-stream.js';
import { CommandSession } from './command-session.js';
import { readString } from './split-packets.js';

/** Message numbers of the connection protocol (RFC 4254 §9). */
const OPEN = 90;
const OPEN_CONFIRMATION = 91;
const OPEN_FAILURE = 92;
const WINDOW_ADJUST = 93;
const DATA = 94;
const EXTENDED_DATA = 95;
const EOF = 96;
const CLOSE = 97;
const REQUEST = 98;
const SUCCESS = 99;
const FAILURE = 100;

interface Opening {
  readonly type: string;
  readonly settle: (outcome: OpenOutcome) => void;
}

/** The outcome of opening a channel. */
export type OpenOutcome =
  | { readonly status: 'opened'; readonly channel: Channel }
  | { readonly status: 'refused'; readonly reason: number; readonly description: string }
  | { readonly status: 'lost' };

/** The channels of one SSH connection, multiplexed over a socket that carries packets of the connection protocol. */
export class Channels {
  readonly #socket: Socket;
  /** By local number; open, or closed from this side only. */
  readonly #open = new Map<number, Channel>();
  readonly #opening = new Map<number, Opening>();
  #nextId = 0;
  #isLost = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Resolves with the server's answer; never rejects. */
  open(target: ChannelTarget): Promise<OpenOutcome> {
    return 'socketPath' in target
      ? this.#request(
          'direct-streamlocal@openssh.com',
          sshString(target.socketPath),
          sshString(''),
          uint32(0),
        )
      : this.#request(
          'direct-tcpip',
          sshString(target.host),
          uint32(target.port),
          sshString('127.0.0.1'),
          uint32(0),
        );
  }

  /** Requests a channel of a type that no server has; resolves with whether the server answered. */
  async probe(): Promise<boolean> {
    const outcome = await this.#request('probe@hawser');
    if (outcome.status === 'opened') outcome.channel.destroy();
    return outcome.status !== 'lost';
  }

  /** Opens a session, whose channel is a {@link CommandSession}. Resolves with the server's answer; never rejects. */
  openSession(): Promise<OpenOutcome> {
    return this.#request('session');
  }

  /** Asks the host to run something in a session; resolves with its answer, undefined where the session ended before. */
  requestProgram(session: CommandSession, program: SessionProgram): Promise<boolean | undefined> {
    if (typeof program === 'string') return this.#ask(session, 'exec', sshString(program));
    if ('shell' in program) return this.#ask(session, 'shell');
    return this.#ask(session, 'subsystem', sshString(program.subsystem));
  }

  /** Asks the host for a pseudo-terminal; resolves as {@link requestProgram} does. */
  requestPty(session: CommandSession, { term, columns, rows }: Pty): Promise<boolean | undefined> {
    const modes = sshString('\0'); // none: TTY_OP_END
    return this.#ask(session, 'pty-req', sshString(term), uint32(columns, rows, 0, 0), modes);
  }

  /** Tells the pseudo-terminal of a session its new size. */
  resize(session: CommandSession, { columns, rows }: TerminalSize): void {
    if (session.destroyed) return;
    const size = uint32(columns, rows, 0, 0);
    this.#send(REQUEST, uint32(session.remoteId), sshString('window-change'), Buffer.from([0]), size);
  }

  /** Sends a signal, such as `TERM`, to the command of a session. */
  signal(session: CommandSession, name: string): void {
    if (session.destroyed) return;
    this.#send(REQUEST, uint32(session.remoteId), sshString('signal'), Buffer.from([0]), sshString(name));
  }

  /**
   * Handles one packet.
   * @throws RangeError when it is truncated
   */
  receive(packet: Buffer): void {
    const type = packet.readUInt8(1);
    const id = packet.readUInt32BE(2);
    const channel = this.#open.get(id);
    if (type === DATA) channel?.receive(packet.subarray(10));
    else if (type === WINDOW_ADJUST) channel?.receiveWindow(packet.readUInt32BE(6));
    else if (type === EOF) channel?.receiveEof();
    else if (type === CLOSE) {
      this.#open.delete(id);
      channel?.receiveClose();
    } else if (channel instanceof CommandSession) this.#receiveOfSession(type, channel, packet);
    else if (type === OPEN_CONFIRMATION) this.#onConfirmation(id, packet);
    else if (type === OPEN_FAILURE) this.#onFailure(id, packet);
  }

  #receiveOfSession(type: number, session: CommandSession, packet: Buffer): void {
    if (type === EXTENDED_DATA) session.receiveStderr(packet.subarray(14));
    else if (type === SUCCESS || type === FAILURE) session.receiveAnswer(type === SUCCESS);
    else if (type === REQUEST) {
      const { text, end } = readString(packet, 6);
      session.receiveRequest(text, packet.subarray(end + 1));
      if (packet.readUInt8(end) !== 0) this.#send(FAILURE, uint32(session.remoteId));
    }
  }

  /** The connection is gone, and all channels with it. */
  lose(error: Error): void {
    this.#isLost = true;
    for (const { settle } of this.#opening.values()) settle({ status: 'lost' });
    for (const channel of this.#open.values()) channel.destroy(error);
    this.#opening.clear();
    this.#open.clear();
  }

  #request(type: string, ...details: readonly Buffer[]): Promise<OpenOutcome> {
    if (this.#isLost) return Promise.resolve({ status: 'lost' });
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#opening.set(id, { type, settle: resolve });
      this.#send(OPEN, sshString(type), uint32(id, RECEIVE_WINDOW_BYTES, MAX_RECEIVED_BYTES), ...details);
    });
  }

  #onConfirmation(id: number, packet: Buffer): void {
    const opening = this.#opening.get(id);
    if (!opening) return;
    this.#opening.delete(id);
    const channel = new (opening.type === 'session' ? CommandSession : Channel)({
      remoteId: packet.readUInt32BE(6),
      windowBytes: packet.readUInt32BE(10),
      maxDataBytes: packet.readUInt32BE(14),
      outlet: this.#outlet,
    });
    this.#open.set(id, channel);
    opening.settle({ status: 'opened', channel });
  }

  #onFailure(id: number, packet: Buffer): void {
    const opening = this.#opening.get(id);
    this.#opening.delete(id);
    const descriptionEnd = 14 + packet.readUInt32BE(10);
    const description = packet.toString('utf8', 14, descriptionEnd);
    opening?.settle({ status: 'refused', reason: packet.readUInt32BE(6), description });
  }

  #ask(session: CommandSession, type: string, ...details: readonly Buffer[]): Promise<boolean | undefined> {
    if (session.destroyed) return Promise.resolve(undefined);
    this.#send(REQUEST, uint32(session.remoteId), sshString(type), Buffer.from([1]), ...details);
    return session.nextAnswer();
  }

  readonly #outlet: ChannelOutlet = {
    data: (remoteId, content, written) => {
      if (this.#isLost) return written();
      this.#socket.cork();
      this.#socket.write(packet(DATA, uint32(remoteId, content.length), content.length));
      this.#socket.write(content, () => written());
      this.#socket.uncork();
    },
    eof: (remoteId) => this.#send(EOF, uint32(remoteId)),
    close: (remoteId) => this.#send(CLOSE, uint32(remoteId)),
    adjustWindow: (remoteId, bytes) => this.#send(WINDOW_ADJUST, uint32(remoteId, bytes)),
  };

  #send(type: number, ...fields: readonly Buffer[]): void {
    if (!this.#isLost) this.#socket.write(packet(type, Buffer.concat(fields)));
  }
}

/** A packet whose last `moreBytes` follow separately. */
function packet(type: number, fields: Buffer, moreBytes = 0): Buffer {
  return Buffer.concat([uint32(2 + fields.length + moreBytes), Buffer.from([0, type]), fields]);
}
