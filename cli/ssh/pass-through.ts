import { finished } from 'node:stream/promises';
import { onAbort } from '../../base/abort.js';
import type { SessionProgram } from '../../tunnel/exec/session-program.js';
import type { Tunnel } from '../../tunnel/tunnel.js';
import { endRemoteProcesses } from '../exec/end-remote-processes.js';
import { exitCodeOf } from '../exec/host-outcome.js';
import { EXIT_CODES } from '../exit-codes.js';
import { onReaderGone, writeErrorStream, writeValueStream } from '../output/write-output.js';

/**
 * Runs a program on a host in the place of one here: our input is its own, what it writes comes here byte by byte, escaped only
 * where a terminal would act on it. An interruption, and a reader that goes away, end it there, too.
 *
 * @returns its exit code
 * @throws TunnelError as `Tunnel.exec` and `RemoteCommand.exit`, and the reason of the signal
 */
export async function passThrough(
  tunnel: Tunnel,
  program: SessionProgram,
  signal: AbortSignal,
): Promise<number> {
  const gone = new AbortController();
  onReaderGone(() => gone.abort());
  const abandoned = new AbortController();
  let ended: Promise<void> | undefined;
  const unlisten = onAbort([signal, gone.signal], () => {
    ended = endRemoteProcesses(tunnel, { prefix: [] }).then(() => abandoned.abort());
  });
  try {
    const code = await follow(tunnel, program, abandoned.signal);
    signal.throwIfAborted();
    return gone.signal.aborted ? EXIT_CODES.done : code;
  } catch (error) {
    signal.throwIfAborted();
    if (gone.signal.aborted) return EXIT_CODES.done;
    throw error;
  } finally {
    unlisten();
    await ended;
  }
}

async function follow(tunnel: Tunnel, program: SessionProgram, signal: AbortSignal): Promise<number> {
  const command = await tunnel.exec(program, { signal });
  process.stdin.on('error', () => void command.stdin.end());
  process.stdin.pipe(command.stdin);
  try {
    const outputs = [writeValueStream(command.stdout), writeErrorStream(command.stderr)];
    for (const output of outputs) output.catch(() => undefined); // how the program ended says more
    const exit = await command.exit;
    await Promise.allSettled([...outputs, finished(command.stdout), finished(command.stderr)]);
    return exitCodeOf(exit);
  } finally {
    process.stdin.unpipe(command.stdin).destroy();
  }
}
