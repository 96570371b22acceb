import { finished } from 'node:stream/promises';
import type { SessionProgram } from '../../tunnel/exec/session-program.js';
import type { Tunnel } from '../../tunnel/tunnel.js';
import { exitCodeOf } from '../exec/host-outcome.js';
import { writeErrorStream, writeValueStream } from '../output/write-output.js';

/**
 * Runs a program on a host in the place of one here: our input is its own, what it writes comes here byte by byte, escaped only
 * where a terminal would act on it.
 *
 * @returns its exit code
 * @throws TunnelError as `Tunnel.exec` and `RemoteCommand.exit`, and the reason of the signal
 */
export async function passThrough(
  tunnel: Tunnel,
  program: SessionProgram,
  signal: AbortSignal,
): Promise<number> {
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
