import { Command, Option } from 'commander';
import { DEFAULT_PREFIX } from '../../agent/constants.js';
import type { ClientWorld } from '../../world/client-world.js';
import { WorldError } from '../../world/errors.js';
import type { HostFlags } from '../agent-access/hosts-to-reach.js';
import type { CommandContext } from '../command-context.js';
import { rememberNames, type SeenNames } from '../completion/names-cache.js';
import { CliError } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import { withConnection } from '../fleet/connection-flags.js';
import { withWorld } from '../fleet/open-world.js';
import { duration } from '../input/parse-flag-values.js';
import { formatDuration } from '../output/format-quantities.js';
import { logTo, printResult } from '../output/print.js';
import { resultScreen } from '../output/write-output.js';
import type { FleetStatus } from '../status/fleet-status.js';

const DEFAULT_WAIT_MS = 60_000;

interface StatusFlags extends HostFlags {
  readonly waitConverged?: number;
}

interface Call {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** `hawser status`: the fleet now, or as soon as it has converged. */
export function statusCommand(context: CommandContext): Command {
  return withConnection(new Command('status'), 'hawser status --wait-converged 5s --ssh-url root@web1')
    .description(
      'show the hosts, their etcd roles, what runs on each, and what is wrong; exits with 1 if anything is',
    )
    .argument('[hosts]', 'names, globs and labels, separated by commas (default: all)')
    .addOption(
      new Option(
        '--wait-converged <duration>',
        'wait until every host has been converged for this long, at most --timeout (default here: 1m)',
      ).argParser(duration),
    )
    .option('--prefix <dir>', 'data directory of the agents, used when etcd does not answer', DEFAULT_PREFIX)
    .action((hosts: string | undefined, flags: StatusFlags) => showStatus(context, hosts, flags));
}

async function showStatus(
  context: CommandContext,
  selection: string | undefined,
  flags: StatusFlags,
): Promise<void> {
  const { waitConverged: quietMs, timeout: timeoutMs = DEFAULT_WAIT_MS } = flags;
  if (quietMs !== undefined && quietMs >= timeoutMs) throw tooShortTimeout(quietMs, timeoutMs);
  const [{ readStatus }, { selectStatus }, { formatStatus }, { waitConverged }, { checkSelection }] =
    await Promise.all([
      import('../status/read-status.js'),
      import('../status/select-status.js'),
      import('../status/format-status.js'),
      import('../../world/agents/wait-converged.js'),
      import('../fleet/file/select-hosts.js'),
    ]);
  if (selection !== undefined) checkSelection(selection);
  const log = logTo(flags);
  const read = async (world: ClientWorld, call: Call, to = log): Promise<FleetStatus> => {
    const status = await readStatus(world, call, to);
    return selection === undefined ? status : selectStatus(status, selection);
  };
  try {
    const status = await withWorld(
      context,
      flags,
      async (world, call, target) => {
        if (quietMs === undefined) {
          const now = await read(world, call);
          if (selection === undefined) await rememberNames(target, namesOf(now));
          return now;
        }
        const { signal, timeoutMs: answerTimeoutMs } = call;
        // Whatever there is to warn of is said with the result.
        const before = selection === undefined ? undefined : await read(world, call, () => undefined);
        const hosts = before?.hosts.map(({ hostname }) => hostname);
        await waitConverged(world.client, { quietMs, timeoutMs, answerTimeoutMs, hosts, signal });
        return { ...(await read(world, call)), convergedForMs: quietMs };
      },
      { saysVersions: true },
    );
    printResult(flags, status, formatStatus(status, resultScreen()));
    if (!status.ok) context.exitCode = EXIT_CODES.failed;
  } catch (error) {
    if (!(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    const { statusBySsh } = await import('../status/status-by-ssh.js');
    await statusBySsh(context, flags, { error, selection });
  }
}

function namesOf({ hosts }: FleetStatus): SeenNames {
  return {
    hosts: hosts.map(({ hostname }) => hostname),
    apps: hosts.flatMap(({ apps }) => apps.map(({ app }) => app)),
  };
}

function tooShortTimeout(quietMs: number, timeoutMs: number): CliError {
  return new CliError(
    'usage',
    `--wait-converged ${formatDuration(quietMs)} needs a --timeout longer than ${formatDuration(quietMs)}, not ${formatDuration(timeoutMs)}.`,
  );
}
