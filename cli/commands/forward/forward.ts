import { once } from 'node:events';
import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { requireFleet, resolveTarget } from '../../fleet/resolve-target.js';
import { tunnelOptions } from '../../fleet/tunnel-options.js';
import { hostAndPort } from '../../input/parse-flag-values.js';
import { logTo, printResult } from '../../output/print.js';
import { forwardListCommand, forwardStartCommand, forwardStopCommand } from './background-commands.js';

interface ForwardFlags extends ConnectionFlags {
  readonly listen?: { host: string; port: number };
}

/** `hawser forward`: the tunnel itself, for etcdctl and other clients. */
export function forwardCommand(context: CommandContext): Command {
  const command = withConnection(
    new Command('forward'),
    'hawser forward --ssh-url root@web1   # then: etcdctl --endpoints unix:///… get --prefix /_mgmt',
  )
    .description(
      "forward a private unix socket to the fleet's etcd until interrupted; the first line printed is its address",
    )
    .argument(
      '[target]',
      'where to forward to: host:port or unix:///path as seen from the SSH host (default: the first seed)',
    )
    .addOption(
      new Option(
        '--listen <host:port>',
        'listen on this loopback port instead; every local user can connect to it',
      ).argParser(hostAndPort),
    )
    .action(async (to: string | undefined, flags: ForwardFlags) => {
      const { signal } = context.interrupts;
      const target = requireFleet(await resolveTarget(flags, { signal }));
      if (target.sshUrls.length === 0)
        throw new CliError('usage', 'A forward needs SSH: pass --ssh-url user@host.');
      const [{ Tunnel }, { parseEndpoint }, options] = await Promise.all([
        import('../../../tunnel/tunnel.js'),
        import('../../../world/client/calls/parse-endpoint.js'),
        tunnelOptions(target, logTo(flags), signal),
      ]);
      const endpoint = parseEndpoint(to ?? target.seeds[0] ?? '');
      const there = endpoint.scheme === 'unix' ? { socketPath: endpoint.path } : endpoint;
      await using tunnel = await Tunnel.open({ ...options, probe: [there] }, { signal });
      const forward = await tunnel.forward(there, {
        signal,
        ...(flags.listen === undefined ? {} : { listen: flags.listen }),
      });
      printResult(flags, { listen: forward.address }, forward.address);
      await untilFailed(tunnel, signal);
    });
  for (const one of [forwardStartCommand, forwardListCommand, forwardStopCommand])
    command.addCommand(one(context));
  return command.enablePositionalOptions().hook('preSubcommand', refuseEarlyOptions);
}

/** What is given before the name of a subcommand would not count for that. */
function refuseEarlyOptions(command: Command, subcommand: Command): void {
  const early = command.options.find(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (early === undefined) return;
  const message = `error: write ${early.long} after "${subcommand.name()}": hawser forward ${subcommand.name()} ${early.long} …`;
  command.error(message, { exitCode: 2 });
}

/** Returns when the person ends it; throws when the tunnel cannot come back. */
async function untilFailed(
  tunnel: import('../../../tunnel/tunnel.js').Tunnel,
  signal: AbortSignal,
): Promise<void> {
  for await (const state of tunnel.states({ signal })) {
    if (state.status === 'failed') throw state.reason;
  }
  if (!signal.aborted) await once(signal, 'abort');
}
