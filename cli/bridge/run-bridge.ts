import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { printError } from '../output/print.js';
import { streamOutput } from '../output/write-output.js';
import { copyToSocket } from './copy-to-socket.js';

/** Runs `hawser bridge` and returns its exit code. */
export async function runBridge(socketPath: string): Promise<ExitCode> {
  try {
    await copyToSocket(socketPath, { input: process.stdin, output: streamOutput() });
    return EXIT_CODES.done;
  } catch (error) {
    return printError(error, { json: false, verbose: false });
  }
}
