import { Command, Option } from 'commander';
import type { Context } from '../context.js';
import { type ConnectionFlags, withConnection } from '../fleet/flags.js';
import { withWorld } from '../fleet/open-world.js';
import { duration } from '../input/parsers.js';
import { printResult } from '../output/print.js';

interface DeployFlags extends ConnectionFlags {
  readonly message: string;
  readonly git: boolean;
  readonly force: boolean;
  readonly noop: boolean;
  readonly yes: boolean;
  readonly wait: boolean;
  readonly waitTimeout: number;
  readonly plan: boolean;
  readonly allowMissing: boolean;
}

/** `hawser deploy`: an app folder to the fleet. */
export function deployCommand(context: Context): Command {
  return withConnection(
    new Command('deploy'),
    'hawser deploy ./web --message "New front page" --ssh-url root@web1',
  )
    .description(
      'deploy a folder with a hawser.yaml to every host of the fleet, and wait until each is healthy',
    )
    .argument('[dir]', 'the app folder', '.')
    .option('-m, --message <text>', 'what this deploy is for', '')
    .option('--no-git', 'do not look at git: no commit is recorded or checked')
    .option('--force', 'deploy a dirty tree, or over a deploy that this commit does not contain', false)
    .option('--noop', 'hosts fetch and verify the deploy, but do not apply it', false)
    .option('-y, --yes', 'do not ask', false)
    .option('--no-wait', 'end as soon as the deploy is recorded')
    .addOption(
      new Option('--wait-timeout <duration>', 'how long the hosts may take')
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .option(
      '--allow-missing',
      'succeed without the hosts whose agent does not run; they apply it later',
      false,
    )
    .option('--plan', 'show what would be deployed, and do nothing', false)
    .action(async (folder: string, flags: DeployFlags) => {
      const { message, git, force, noop } = flags;
      const [{ prepare }, { deploy }] = await Promise.all([
        import('../deploy/prepare.js'),
        import('../deploy/deploy.js'),
      ]);
      const prepared = await prepare({ folder, message, git, force, noop }, context.interrupts.signal);
      const outcome = await withWorld(
        context,
        flags,
        (world, { signal }) => deploy(world, prepared, { ...flags, signal }),
        { appFolder: folder },
      );
      printResult(flags, outcome.value, outcome.text);
    });
}
