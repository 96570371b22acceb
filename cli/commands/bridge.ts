import { Command } from 'commander';
import { runBridge } from '../bridge/run-bridge.js';
import type { CommandContext } from '../command-context.js';

/** `hawser bridge`: what other commands run on a host by SSH. */
export function bridgeCommand(context: CommandContext): Command {
  return new Command('bridge')
    .description(
      'on a host of a fleet, connect the standard input and output to its etcd; other commands run this over SSH, where the SSH server forbids forwarding unix sockets, or by sudo',
    )
    .argument('<socket>', 'the socket of etcd, as "hawser up" set it up')
    .action(async (socketPath: string) => {
      context.exitCode = await runBridge(socketPath);
    });
}
