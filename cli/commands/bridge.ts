import { Command } from 'commander';
import { BRIDGED_SOCKET } from '../bridge/bridge-command.js';
import { copyToSocket, requireBridgedSocket } from '../bridge/copy-to-socket.js';
import { withOutput } from '../fleet/connection-flags.js';
import { streamOutput } from '../output/write-output.js';

/** `hawser bridge`: what other commands run on a host by SSH. They come by `runBridge`, which starts faster. */
export function bridgeCommand(): Command {
  return withOutput(new Command('bridge'), `hawser bridge ${BRIDGED_SOCKET}`)
    .description(
      'on a host of a fleet, connect the standard input and output to its etcd; other commands run this over SSH where the SSH server forbids forwarding unix sockets, or by sudo',
    )
    .argument('<socket>', 'the socket of etcd, as "hawser up" set it up')
    .action(async (socketPath: string) => {
      requireBridgedSocket(socketPath);
      await copyToSocket(socketPath, { input: process.stdin, output: streamOutput() });
    });
}
