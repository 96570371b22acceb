import { Command, Option } from 'commander';
import type { ChangeResult } from '../../../world/call-options.js';
import type { ClientWorld } from '../../../world/client-world.js';
import type { SchedulerOptions } from '../../../world/scheduler/schedule-options.js';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, type WatchFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { amount, collect, collectLabel, duration, wholeNumber } from '../../input/parse-flag-values.js';
import { formatTable, lines, printResult } from '../../output/print.js';
import { printStates, showOrWatch } from '../../output/show-or-watch.js';

interface CandidateFlags extends ConnectionFlags {
  readonly strategy?: string;
  readonly maxCount?: number;
  readonly persist: boolean;
  readonly ttl?: number;
  readonly hostsFilter?: string[];
  readonly spreadBy?: string;
  readonly label?: Record<string, string>;
  readonly capacity?: number;
}

/** `hawser schedule`: which hosts run a task. */
export function scheduleCommand(context: CommandContext): Command {
  const schedule = new Command('schedule').description(
    'choose which hosts run a task; the fleet elects the scheduler',
  );
  for (const command of [scheduleGet, scheduleList, scheduleJoin, scheduleAdd, scheduleWithdraw])
    schedule.addCommand(command(context));
  return schedule.addHelpText('after', '\nExample:\n  $ hawser schedule get backup --ssh-url root@web1');
}

function scheduleGet(context: CommandContext): Command {
  return withConnection(new Command('get'), 'hawser schedule get backup --ssh-url root@web1')
    .description('print the chosen hosts, one per line')
    .argument('<namespace>', 'name of the schedule')
    .option('--watch', 'print all of them on one line, now and whenever they change', false)
    .action(async (namespace: string, flags: WatchFlags) => {
      await withWorld(context, flags, async (world, call) => {
        await showOrWatch(flags, call, {
          read: (options) => world.scheduledGet(namespace, options),
          follow: (options) => world.scheduled(namespace, options),
          show: ({ hosts }) => ({
            value: { namespace, hosts },
            text: flags.watch ? inOneLine(hosts) : lines(hosts),
          }),
        });
      });
    });
}

function scheduleList(context: CommandContext): Command {
  return withConnection(new Command('list'), 'hawser schedule list --ssh-url root@web1')
    .description('list every schedule with its chosen hosts and its candidates')
    .action(async (flags: ConnectionFlags) => {
      const schedules = await withWorld(context, flags, (world, call) => world.schedules(call));
      const rows = schedules.map(({ namespace, hosts, candidates }) => [
        namespace,
        inOneLine(hosts),
        inOneLine(candidates),
      ]);
      printResult(flags, schedules, formatTable(['NAMESPACE', 'CHOSEN', 'CANDIDATES'], rows));
    });
}

function scheduleJoin(context: CommandContext): Command {
  const command = withConnection(new Command('join'), 'hawser schedule join backup --max-count 1');
  return withCandidate(command)
    .description('make this host (see --hostname) a candidate until interrupted, and print each decision')
    .argument('<namespace>', 'name of the schedule')
    .action(async (namespace: string, flags: CandidateFlags) => {
      await withWorld(context, flags, async (world, call) => {
        const { signal } = call;
        // Refuses wrong options, and begins nothing yet.
        const decisions = world.scheduler(namespace, { ...optionsOf(flags), signal });
        // A fleet that does not answer is an error at first; a later outage is waited out.
        await world.scheduledGet(namespace, call);
        await printStates(flags, decisions, ({ hosts }) => ({
          value: { namespace, hosts },
          text: inOneLine(hosts),
        }));
      });
      // Under a service manager SIGTERM is the normal end.
      context.endedNormally = context.interrupts.signalName === 'SIGTERM';
    });
}

function scheduleAdd(context: CommandContext): Command {
  const command = withConnection(new Command('add'), 'hawser schedule add backup --persist --hostname web1');
  return withCandidate(command)
    .description('make a host (see --hostname) a lasting candidate; needs --persist')
    .argument('<namespace>', 'name of the schedule')
    .action(async (namespace: string, flags: CandidateFlags) => {
      if (!flags.persist) {
        const message =
          'Without --persist a candidate lasts only as long as the command that added it: ' +
          `pass --persist, or run "hawser schedule join ${namespace}".`;
        throw new CliError('usage', message);
      }
      await change(context, flags, namespace, (world, call) =>
        world.schedulerAdd(namespace, { ...optionsOf(flags), ...call }),
      );
    });
}

function scheduleWithdraw(context: CommandContext): Command {
  return withConnection(new Command('withdraw'), 'hawser schedule withdraw backup --hostname web1')
    .description('remove a host (see --hostname) from a schedule')
    .argument('<namespace>', 'name of the schedule')
    .action(async (namespace: string, flags: ConnectionFlags) => {
      await change(context, flags, namespace, (world, call) => world.schedulerWithdraw(namespace, call));
    });
}

async function change(
  context: CommandContext,
  flags: ConnectionFlags,
  namespace: string,
  act: (world: ClientWorld, call: { signal: AbortSignal; timeoutMs: number }) => Promise<ChangeResult>,
): Promise<void> {
  const result = await withWorld(context, flags, async (world, call) => {
    const { changed } = await act(world, call);
    return { namespace, hostname: world.hostname, changed };
  });
  printResult(flags, result, result.changed ? '' : 'No changes.');
}

function inOneLine(hosts: readonly string[]): string {
  return hosts.join(',') || '-';
}

function withCandidate(command: Command): Command {
  return command
    .option('--strategy <name>', 'how to choose hosts: rr, alpha, spread or capacity (default: rr)')
    .addOption(
      new Option('--max-count <n>', 'choose at most this many hosts (default: all)').argParser(wholeNumber),
    )
    .option('--persist', 'remain a candidate after the host goes away, until withdrawn', false)
    .addOption(
      new Option(
        '--ttl <duration>',
        'time until a dead host is no longer a candidate (default: 10s)',
      ).argParser(duration),
    )
    .option('--hosts-filter <hostname>', 'host that may be chosen (repeatable; default: any)', collect)
    .option('--spread-by <label>', 'for spread: the label to spread across (default: zone)')
    .addOption(
      new Option('--label <key=value>', 'a label of this host, for spread (repeatable)').argParser(
        collectLabel,
      ),
    )
    .addOption(new Option('--capacity <n>', 'for capacity: the capacity of this host').argParser(amount));
}

function optionsOf(flags: CandidateFlags): SchedulerOptions {
  const { strategy, maxCount, persist, ttl, hostsFilter, spreadBy, label, capacity } = flags;
  return {
    persist,
    ...(strategy === undefined ? {} : { strategy }),
    ...(maxCount === undefined ? {} : { maxCount }),
    ...(ttl === undefined ? {} : { sessionTtlSeconds: ttl / 1000 }),
    ...(hostsFilter === undefined ? {} : { hostsFilter }),
    ...(spreadBy === undefined ? {} : { spreadBy }),
    ...(label === undefined ? {} : { labels: label }),
    ...(capacity === undefined ? {} : { capacity }),
  };
}
