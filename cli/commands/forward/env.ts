import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import type { FleetTarget } from '../../fleet/merge-target.js';
import { requireFleet, resolveTarget } from '../../fleet/resolve-target.js';
import { etcdctlVariables, formatVariables, type Shell } from '../../forwards/etcdctl-variables.js';
import { findForward } from '../../forwards/find-forward.js';
import { forwardLabel } from '../../forwards/forward-key.js';
import { lines, logTo, printResult } from '../../output/print.js';
import { type IdleFlag, idleOption, notRunning } from './background-commands.js';

interface EnvFlags extends ConnectionFlags, IdleFlag {
  readonly start: boolean;
  readonly shell: Shell;
}

/** `hawser env`: lets etcdctl use a forward in the background. */
export function envCommand(context: CommandContext): Command {
  return withConnection(
    new Command('env'),
    'hawser env --start   # in a shell: eval "$(hawser env --start)"; etcdctl get --prefix /_mgmt',
  )
    .description('print the variables with which etcdctl reaches the fleet by a forward in the background')
    .option('--start', 'start the forward if none runs', false)
    .addOption(idleOption())
    .addOption(new Option('--shell <name>', 'shell to print them for').choices(['sh', 'fish']).default('sh'))
    .action(async (flags: EnvFlags) => {
      const { signal } = context.interrupts;
      const target = requireFleet(await resolveTarget(flags, { signal }));
      const variables = etcdctlVariables(target, await addresses(target, flags, signal));
      printResult(flags, variables, lines(formatVariables(variables, flags.shell)));
    });
}

async function addresses(
  target: FleetTarget,
  flags: EnvFlags,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (target.sshUrls.length === 0) return target.seeds;
  const log = logTo(flags);
  const options = { flags, maxIdleMs: flags.idle, log, signal };
  const found = flags.start
    ? (await (await import('../../forwards/start-forward.js')).startForward(target, options)).state
    : await findForward(target, { log, signal });
  if (found === undefined) throw notRunning(forwardLabel(target));
  return found.ways.map(({ address }) => address);
}
