import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, linkSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { askForward } from '../ask-forward.js';
import { type ControlReply, type ControlRequest, MAX_LINE_BYTES, parseRequest } from '../control-protocol.js';

const MOST_TRIES = 5;

/** How long a command may take to say what it wants. */
const REQUEST_MS = 5_000;

export type Responder = (request: ControlRequest) => Promise<ControlReply>;

/** The control socket of a forward, which nobody else has. */
export interface Control extends AsyncDisposable {
  /** Has requests answered; until then they are refused. */
  answerWith(responder: Responder): void;
  /** Whether it is still found where commands look for it. */
  isThere(): boolean;
  /** Nobody finds it any more. */
  hide(): void;
}

/**
 * Listens at a path at which no forward listens. Undefined if one does; what a dead one left is removed. An abort rejects
 * with `signal.reason`.
 */
export async function claimControl(file: string, signal: AbortSignal): Promise<Control | undefined> {
  const server = createServer();
  const own = `${file.replace(/\.ctl$/, '')}.${randomBytes(4).toString('hex')}`;
  server.listen(own);
  await once(server, 'listening', { signal });
  chmodSync(own, 0o600);
  const { ino } = lstatSync(own);
  try {
    if (await takeName(own, file, signal)) return new ClaimedControl(server, file, ino);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
  server.close();
  return undefined;
}

/** A link is made whole or not at all, and never over another. */
async function takeName(own: string, file: string, signal: AbortSignal): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    try {
      linkSync(own, file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if ((await askForward(file, { do: 'look' }, { signal })) !== 'nobody') return false;
  }
  return false;
}

class ClaimedControl implements Control {
  readonly #server: Server;
  readonly #file: string;
  readonly #inode: number;
  readonly #sockets = new Set<Socket>();
  #responder: Responder = async () => ({ refused: 'it is still being started' });

  constructor(server: Server, file: string, inode: number) {
    this.#server = server;
    this.#file = file;
    this.#inode = inode;
    server.on('connection', (socket) => this.#listenTo(socket));
  }

  answerWith(responder: Responder): void {
    this.#responder = responder;
  }

  isThere(): boolean {
    return lstatSync(this.#file, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  hide(): void {
    if (this.isThere()) rmSync(this.#file, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hide();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) if (!socket.writableEnded) socket.destroy();
    await closed;
  }

  /** One line in, one line out. */
  #listenTo(socket: Socket): void {
    let asked = '';
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8').setTimeout(REQUEST_MS, () => socket.destroy());
    socket.on('data', (part: string) => {
      asked += part;
      if (asked.length > MAX_LINE_BYTES) socket.destroy();
      if (!asked.includes('\n')) return;
      socket.removeAllListeners('data').resume();
      void this.#answer(socket, asked);
    });
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    const request = parseRequest(line);
    const reply: ControlReply =
      request === undefined ? { refused: 'it does not understand this' } : await this.#responder(request);
    socket.end(`${JSON.stringify(reply)}\n`);
  }
}
