import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection, withOutput } from '../../fleet/connection-flags.js';
import { requireFleet, resolveTarget } from '../../fleet/resolve-target.js';
import { formatForwards, forwardToJson } from '../../forwards/format-forwards.js';
import { forwardLabel } from '../../forwards/forward-key.js';
import { duration } from '../../input/parse-flag-values.js';
import { formatDuration } from '../../output/format-quantities.js';
import { logTo, type OutputOptions, printNote, printResult } from '../../output/print.js';

const DEFAULT_IDLE_MS = 30 * 60_000;

/** The flag of commands that start a forward. */
export interface IdleFlag {
  readonly idle: number;
}

export function idleOption(): Option {
  return new Option('--idle <duration>', 'end the forward after this long without use')
    .argParser(duration)
    .default(DEFAULT_IDLE_MS, formatDuration(DEFAULT_IDLE_MS));
}

export function forwardStartCommand(context: CommandContext): Command {
  return withConnection(new Command('start'), 'hawser forward start --fleet prod --idle 2h')
    .description('keep a forward open in the background, which other commands use by themselves')
    .addOption(idleOption())
    .action(async (flags: ConnectionFlags & IdleFlag) => {
      const { signal } = context.interrupts;
      const { startForward } = await import('../../forwards/start-forward.js');
      const target = requireFleet(await resolveTarget(flags, { signal }));
      const options = { flags, maxIdleMs: flags.idle, log: logTo(flags), signal };
      const { state, wasRunning } = await startForward(target, options);
      const note = wasRunning
        ? `A forward to ${state.label} runs already.`
        : `The forward to ${state.label} runs in the background, and ends after ${formatDuration(state.maxIdleMs)} without use.`;
      printNote(flags, note);
      printResult(flags, { ...forwardToJson(state), wasRunning }, state.ways[0]?.address ?? '');
    });
}

export function forwardListCommand(context: CommandContext): Command {
  return withOutput(new Command('list'), 'hawser forward list')
    .description('list the forwards that run in the background')
    .action(async (flags: OutputOptions) => {
      const { runningForwards } = await import('../../forwards/running-forwards.js');
      const states = await runningForwards(context.interrupts.signal);
      printResult(flags, states.map(forwardToJson), formatForwards(states));
    });
}

export function forwardStopCommand(context: CommandContext): Command {
  return withConnection(new Command('stop'), 'hawser forward stop prod')
    .description('end forwards that run in the background')
    .argument('[name...]', 'fleets or IDs, as "hawser forward list" shows them (default: the fleet in use)')
    .option('--all', 'end all of them', false)
    .action(async (names: readonly string[], flags: ConnectionFlags & { readonly all: boolean }) => {
      const { signal } = context.interrupts;
      const { runningForwards, stopForward } = await import('../../forwards/running-forwards.js');
      const wanted = await wantedNames(names, flags, signal);
      const running = await runningForwards(signal);
      const isMeant = ({ label, key }: { readonly label: string; readonly key: string }, name: string) =>
        name === label || (name.length >= 4 && key.startsWith(name));
      const unknown = wanted?.find((name) => !running.some((state) => isMeant(state, name)));
      if (unknown !== undefined) throw notRunning(unknown);
      const meant = running.filter((state) => wanted?.some((name) => isMeant(state, name)) ?? true);
      const stopped = [];
      for (const state of meant) if (await stopForward(state, signal)) stopped.push(state);
      for (const { label } of stopped) printNote(flags, `Stopped the forward to ${label}.`);
      if (meant.length === 0) printNote(flags, 'No forward runs in the background.');
      printResult(flags, { stopped: stopped.map(({ label }) => label) }, '');
    });
}

/** What the person named; all where that is undefined. */
async function wantedNames(
  names: readonly string[],
  flags: ConnectionFlags & { readonly all: boolean },
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (flags.all && names.length > 0) throw new CliError('usage', 'Pass either names or --all, not both.');
  if (flags.all) return undefined;
  if (names.length > 0) return names;
  return [forwardLabel(requireFleet(await resolveTarget(flags, { signal })))];
}

export function notRunning(label: string): CliError {
  const message = `No forward to ${label} runs in the background: "hawser forward list" shows those that do, "hawser forward start" starts one.`;
  return new CliError('not-running', message);
}
