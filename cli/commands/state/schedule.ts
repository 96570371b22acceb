import { Command, Option } from 'commander';
import type { ChangeResult } from '../../../world/call-options.js';
import type { SchedulerOptions } from '../../../world/scheduler/options.js';
import type { Context } from '../../context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection } from '../../fleet/flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { amount, collect, collectLabel, duration, wholeNumber } from '../../input/parsers.js';
import { lines, printResult, table } from '../../output/print.js';
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

/** `hawser schedule`: which hosts should do something. */
export function scheduleCommand(context: Context): Command {
  const schedule = new Command('schedule').description(
    'which hosts should do something, decided by the fleet',
  );
  for (const command of [scheduleGet, scheduleList, scheduleJoin, scheduleAdd, scheduleWithdraw])
    schedule.addCommand(command(context));
  return schedule.addHelpText('after', '\nExample:\n  $ hawser schedule get backup --ssh-url root@web1');
}

function scheduleGet(context: Context): Command {
  return withConnection(new Command('get'), 'hawser schedule get backup --ssh-url root@web1')
    .description('print the hosts that are chosen, one a line')
    .argument('<namespace>')
    .option('--watch', 'print a line with all of them, now and whenever they change', false)
    .action(async (namespace: string, flags: ConnectionFlags & { watch: boolean }) => {
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

function scheduleList(context: Context): Command {
  return withConnection(new Command('list'), 'hawser schedule list --ssh-url root@web1')
    .description('list every schedule with the hosts that are chosen and those that may be')
    .action(async (flags: ConnectionFlags) => {
      const schedules = await withWorld(context, flags, (world, call) => world.schedules(call));
      const rows = schedules.map(({ namespace, hosts, candidates }) => [
        namespace,
        inOneLine(hosts),
        inOneLine(candidates),
      ]);
      printResult(flags, schedules, table(['NAMESPACE', 'CHOSEN', 'CANDIDATES'], rows));
    });
}

function scheduleJoin(context: Context): Command {
  const command = withConnection(new Command('join'), 'hawser schedule join backup --max-count 1');
  return withCandidate(command)
    .description('be a candidate until interrupted (see --hostname), and print each decision')
    .argument('<namespace>')
    .action(async (namespace: string, flags: CandidateFlags) => {
      await withWorld(context, flags, async (world, call) => {
        // A fleet that does not answer is an error now; later an outage is waited out.
        await world.scheduledGet(namespace, call);
        const { signal } = call;
        const decisions = world.scheduler(namespace, { ...optionsOf(flags), signal });
        await printStates(flags, decisions, ({ hosts }) => ({
          value: { namespace, hosts },
          text: inOneLine(hosts),
        }));
      });
      // Under a service manager SIGTERM is the ordinary end.
      context.endedInOrder = context.interrupts.reason?.signalName === 'SIGTERM';
    });
}

function scheduleAdd(context: Context): Command {
  const command = withConnection(new Command('add'), 'hawser schedule add backup --persist --hostname web1');
  return withCandidate(command)
    .description('make a host a candidate that stays one (see --hostname)')
    .argument('<namespace>')
    .action(async (namespace: string, flags: CandidateFlags) => {
      if (!flags.persist) {
        const message =
          'A candidate without --persist lives only as long as the command that added it: ' +
          `give --persist, or run "hawser schedule join ${namespace}".`;
        throw new CliError('usage', message);
      }
      await change(context, flags, namespace, (world, call) =>
        world.schedulerAdd(namespace, { ...optionsOf(flags), ...call }),
      );
    });
}

function scheduleWithdraw(context: Context): Command {
  return withConnection(new Command('withdraw'), 'hawser schedule withdraw backup --hostname web1')
    .description('take a host out of a schedule (see --hostname)')
    .argument('<namespace>')
    .action(async (namespace: string, flags: ConnectionFlags) => {
      await change(context, flags, namespace, (world, call) => world.schedulerWithdraw(namespace, call));
    });
}

async function change(
  context: Context,
  flags: ConnectionFlags,
  namespace: string,
  act: (...given: Parameters<Parameters<typeof withWorld<ChangeResult>>[2]>) => Promise<ChangeResult>,
): Promise<void> {
  const result = await withWorld(context, flags, async (world, call) => {
    const { changed } = await act(world, call);
    return { namespace, hostname: world.hostname, changed };
  });
  printResult(flags, result, result.changed ? '' : 'nothing had to change');
}

function inOneLine(hosts: readonly string[]): string {
  return hosts.join(',') || '-';
}

function withCandidate(command: Command): Command {
  return command
    .option('--strategy <name>', 'how hosts are chosen: rr, alpha, spread or capacity (default rr)')
    .addOption(new Option('--max-count <n>', 'choose at most so many (default: all)').argParser(wholeNumber))
    .option('--persist', 'stay a candidate when the host has gone, until withdrawn', false)
    .addOption(
      new Option('--ttl <duration>', 'a host that died leaves after this (default 10s)').argParser(duration),
    )
    .option('--hosts-filter <hostname>', 'only this host may be chosen (repeatable)', collect)
    .option('--spread-by <label>', 'for spread: over the values of this label (default zone)')
    .addOption(
      new Option('--label <name=value>', 'what is so about this host (repeatable)').argParser(collectLabel),
    )
    .addOption(
      new Option('--capacity <number>', 'for capacity: how much this host has to give').argParser(amount),
    );
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
