import { connect, type Socket } from 'node:net';
import { onAbort } from '../../../base/abort.js';
import { uint32 } from '../../../base/key-formats/wire-fields.js';
import { errorCode } from '../../files/system-error-code.js';
import { PacketReader } from './split-packets.js';

/** Messages of OpenSSH's control socket protocol (PROTOCOL.mux). */
const HELLO = 0x0000_0001;
const VERSION = 4;
const ALIVE_CHECK = 0x1000_0004;
const ALIVE = 0x8000_0005;
const TERMINATE = 0x1000_0005;
const PROXY_REQUEST = 0x1000_000f;
const PROXY = 0x8000_000f;

/** A control socket that now carries packets of the SSH connection protocol both ways, unencrypted. */
export interface ProxiedConnection {
  readonly socket: Socket;
  /** The process that holds the SSH connection. */
  readonly pid: number;
  /** Splits what the socket receives into packets. */
  readonly reader: PacketReader;
}

/**
 * Connects to a running `ssh` through its control socket, which is left paused.
 * @throws Error when it does not behave like OpenSSH 7.4 or later; nothing is left open then
 */
export function connectToControlSocket(
  path: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<ProxiedConnection> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const reader = new PacketReader();
    const fail = (error: unknown) => {
      unlisten();
      socket.destroy();
      reject(error);
    };
    const unlisten = onAbort([signal], () => fail(signal.reason));
    // This listener stays; the new owner learns of the end by `close`.
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('ssh closed its control socket')));
    let pid = 0;
    const answer = (reply: Buffer) => {
      const type = reply.readUInt32BE(0);
      if (type === HELLO && reply.readUInt32BE(4) === VERSION) return send(socket, ALIVE_CHECK, 1);
      if (type === ALIVE) {
        pid = reply.readUInt32BE(8);
        return send(socket, PROXY_REQUEST, 2);
      }
      if (type !== PROXY) return fail(new Error('ssh does not support this use of its control socket'));
      unlisten();
      socket.off('data', onData).pause();
      resolve({ socket, pid, reader });
    };
    const onData = (chunk: Buffer) => {
      try {
        for (const reply of reader.read(chunk)) answer(reply);
      } catch (error) {
        fail(error);
      }
    };
    socket.on('data', onData);
    send(socket, HELLO, VERSION);
  });
}

/** How long an `ssh` may take to exit. */
const GOODBYE_TIMEOUT_MS = 1_000;

/**
 * Ends the `ssh` behind a control socket: asks it to exit, and kills the process if it does not do so in time. Resolves when
 * it is gone; never rejects.
 */
export function terminate(path: string, pid?: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const timer = setTimeout(() => {
      if (pid !== undefined) killProcess(pid);
      socket.destroy();
    }, GOODBYE_TIMEOUT_MS);
    // `close` follows: nothing answers there any more, as intended.
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    send(socket, HELLO, VERSION);
    send(socket, TERMINATE, 1);
    socket.resume();
  });
}

/** Kills a process, or with a negative number a process group, that may have exited already. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

function send(socket: Socket, ...fields: readonly number[]): void {
  socket.write(uint32(4 * fields.length, ...fields));
}
