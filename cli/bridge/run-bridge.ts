import { EXIT_CODES, type ExitCode, exitCodeOf } from '../exit-codes.js';
import { streamOutput, writeRemark } from '../output/write-output.js';
import { copyToSocket, requireBridgedSocket } from './copy-to-socket.js';

/** Runs `hawser bridge` and returns its exit code. What it says becomes part of the laptop's own error. */
export async function runBridge(socketPath: string): Promise<ExitCode> {
  try {
    requireBridgedSocket(socketPath);
    await copyToSocket(socketPath, { input: process.stdin, output: streamOutput() });
    return EXIT_CODES.done;
  } catch (error) {
    writeRemark(error instanceof Error ? error.message : String(error));
    return exitCodeOf(error);
  }
}
