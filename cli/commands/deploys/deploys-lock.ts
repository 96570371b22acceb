import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { duration } from '../../input/parse-flag-values.js';
import { printResult } from '../../output/print.js';
import { writeRemark } from '../../output/write-output.js';

interface LockFlags extends ConnectionFlags {
  readonly reason: string;
  readonly for?: number;
}

const DEFAULT_MS = 3_600_000;

/** `hawser deploys lock`: others keep their hands off. */
export function lockCommand(context: CommandContext): Command {
  return withConnection(
    new Command('lock'),
    'hawser deploys lock shop --reason "moving the database" --for 2h --ssh-url root@web1',
  )
    .description(
      'keep others from changing an app, for some time or while a command runs; the lock ends by itself then, or soon after this machine is gone',
    )
    .argument('<app>', 'its name')
    .argument('[command...]', 'after --: what to run while it is locked; its exit code is passed on')
    .requiredOption('--reason <text>', 'say why, for those who are kept out')
    .addOption(
      new Option('--for <duration>', 'how long, at most 168h; not with a command (default: 1h)').argParser(
        duration,
      ),
    )
    .action(async (app: string, [program, ...args]: string[], flags: LockFlags) => {
      if (program !== undefined) return lockForCommand(context, { app, argv: [program, ...args] }, flags);
      const { lockForTime } = await import('../../deploy/lock/lock-app.js');
      const { describeLock } = await import('../../deploy/lock/describe-lock.js');
      const { reason } = flags;
      const { lock } = await withWorld(context, flags, (world, call) =>
        lockForTime(world, { app, reason, forMs: flags.for ?? DEFAULT_MS }, call),
      );
      const { id: _, ...value } = lock;
      printResult(
        flags,
        { app, ...value },
        `${describeLock(app, lock)} "hawser deploys unlock ${app}" ends it.`,
      );
    });
}

async function lockForCommand(
  context: CommandContext,
  { app, argv }: { readonly app: string; readonly argv: readonly [string, ...string[]] },
  flags: LockFlags,
): Promise<void> {
  const [{ CliError }, { runUnderLock }] = await Promise.all([
    import('../../errors.js'),
    import('../../deploy/lock/run-under-lock.js'),
  ]);
  if (flags.for !== undefined)
    throw new CliError('usage', 'The lock lasts as long as the command runs: leave out --for.');
  const locked = { app, argv, reason: flags.reason, say: (text: string) => writeRemark(`hawser: ${text}`) };
  context.exitCode = await withWorld(context, flags, (world, call) => runUnderLock(world, locked, call));
}

/** `hawser deploys unlock`: the app is free again. */
export function unlockCommand(context: CommandContext): Command {
  return withConnection(new Command('unlock'), 'hawser deploys unlock shop --ssh-url root@web1')
    .description('take the lock of an app away')
    .argument('<app>', 'its name')
    .option('--force', "take somebody else's away", false)
    .action(async (app: string, flags: ConnectionFlags & { force: boolean }) => {
      const { unlockApp } = await import('../../deploy/lock/lock-app.js');
      const lock = await withWorld(context, flags, (world, call) =>
        unlockApp(world, { app, force: flags.force }, call),
      );
      const value = { app, unlocked: lock !== undefined, by: lock?.by ?? null };
      const text =
        lock === undefined ? `${app} was not locked.` : `Unlocked ${app}: the lock was ${lock.by}'s.`;
      printResult(flags, value, text);
    });
}
