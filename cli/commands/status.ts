import { Command, Option } from 'commander';
import { DEFAULT_PREFIX } from '../../agent/constants.js';
import { WorldError } from '../../world/errors.js';
import type { CommandContext } from '../command-context.js';
import { CliError } from '../errors.js';
import { withConnection } from '../fleet/connection-flags.js';
import { withWorld } from '../fleet/open-world.js';
import { duration } from '../input/parse-flag-values.js';
import { formatDuration } from '../output/format-quantities.js';
import { logTo, printResult } from '../output/print.js';
import type { HostFlags } from '../recover/hosts-to-reach.js';

const DEFAULT_WAIT_MS = 60_000;

/** `hawser status`: the fleet now, or as soon as it has converged. */
export function statusCommand(context: CommandContext): Command {
  return withConnection(new Command('status'), 'hawser status --wait-converged 5s --ssh-url root@web1')
    .description('show the hosts, their etcd roles and the state of the newest deploy on each')
    .addOption(
      new Option(
        '--wait-converged <duration>',
        'wait until every host has been converged for this long, at most --timeout (default here: 1m)',
      ).argParser(duration),
    )
    .option('--prefix <dir>', 'data directory of the agents, used when etcd does not answer', DEFAULT_PREFIX)
    .action(async (flags: HostFlags & { waitConverged?: number }) => {
      const { waitConverged: quietMs, timeout: timeoutMs = DEFAULT_WAIT_MS } = flags;
      if (quietMs !== undefined && quietMs >= timeoutMs) throw tooShortTimeout(quietMs, timeoutMs);
      const [{ readStatus }, { formatStatus }, { waitConverged }] = await Promise.all([
        import('../status/read-status.js'),
        import('../status/format-status.js'),
        import('../../world/agents/wait-converged.js'),
      ]);
      const log = logTo(flags);
      try {
        const status = await withWorld(
          context,
          flags,
          async (world, call) => {
            if (quietMs === undefined) return readStatus(world, call, log);
            const { signal, timeoutMs: answerTimeoutMs } = call;
            await waitConverged(world.client, { quietMs, timeoutMs, answerTimeoutMs, signal });
            return { ...(await readStatus(world, call, log)), convergedForMs: quietMs };
          },
          { saysVersions: true },
        );
        printResult(flags, status, formatStatus(status));
      } catch (error) {
        if (!(error instanceof WorldError) || error.code !== 'unavailable') throw error;
        const { statusBySsh } = await import('../status/status-by-ssh.js');
        await statusBySsh(context, flags, error);
      }
    });
}

function tooShortTimeout(quietMs: number, timeoutMs: number): CliError {
  return new CliError(
    'usage',
    `--wait-converged ${formatDuration(quietMs)} needs a --timeout longer than ${formatDuration(quietMs)}, not ${formatDuration(timeoutMs)}.`,
  );
}
