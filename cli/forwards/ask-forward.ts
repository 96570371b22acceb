import { lstatSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { type ControlReply, type ControlRequest, MAX_LINE_BYTES, parseReply } from './control-protocol.js';
import { isOurSocket } from './forward-places.js';

/** A forward answers from memory, or opens a socket: whoever takes longer hangs. */
const ANSWER_MS = 5_000;

/** What came of asking: nobody is there, or one that does not answer in time or as it should. */
export type Answer = ControlReply | 'nobody' | 'silent';

/**
 * Asks the forward in the background that listens at a control socket. A socket that nobody listens at any more is removed. An
 * abort rejects with `signal.reason`.
 */
export async function askForward(
  file: string,
  request: ControlRequest,
  { signal, timeoutMs = ANSWER_MS }: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<Answer> {
  signal.throwIfAborted();
  if (!isOurSocket(file)) return 'nobody';
  const asked = inodeOf(file);
  try {
    return parseReply(await exchange(file, `${JSON.stringify(request)}\n`, signal, timeoutMs)) ?? 'silent';
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'nobody';
    if (code !== 'ECONNREFUSED') return 'silent';
    // Another command may have removed it already and put its own there.
    if (inodeOf(file) === asked) rmSync(file, { force: true });
    return 'nobody';
  }
}

function inodeOf(file: string): bigint | undefined {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** Sends a line, and resolves with what comes back until the other end closes. */
function exchange(file: string, line: string, signal: AbortSignal, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ path: file, signal });
    socket.setEncoding('utf8').setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')));
    socket.on('data', (part: string) => {
      answer += part;
      if (answer.length > MAX_LINE_BYTES) socket.destroy(new Error('too long an answer'));
    });
    socket.once('error', reject).once('close', () => resolve(answer));
    socket.write(line);
  });
}
