import { Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import type { Prepared } from '../../deploy/prepare-deploy.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { duration } from '../../input/parse-flag-values.js';
import { canAsk } from '../../prompts/confirm.js';
import { junitOption, signOption, type WatchedWork, watchDeploy } from './deploy-flags.js';

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
  readonly diff: boolean;
  readonly restart: boolean;
  readonly expectRevision?: string;
  readonly sign?: string;
  readonly junit?: string;
  readonly hosts?: string;
}

/** `hawser deploy`: an app directory to the fleet. */
export function deployCommand(context: CommandContext): Command {
  return withConnection(
    new Command('deploy'),
    'hawser deploy ./web --message "New front page" --ssh-url root@web1',
  )
    .description(
      'deploy a directory with a hawser.yaml to the hosts that it names, and wait until each is healthy',
    )
    .argument('[dir]', 'the directory of the app', '.')
    .option('-m, --message <text>', 'describe this deploy', '')
    .option(
      '--hosts <selection>',
      'names, globs and labels of hosts, separated by commas (default: those of hawser.yaml, else all)',
    )
    .option('--no-git', 'ignore git: neither record nor check a commit')
    .option(
      '--force',
      'deploy uncommitted changes, or a commit that does not contain the newest deploy',
      false,
    )
    .option('--noop', 'make the hosts fetch and verify the deploy without applying it', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .option('--no-wait', 'exit as soon as the deploy is recorded')
    .addOption(
      new Option('--wait-timeout <duration>', 'time limit for the hosts to become healthy')
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .option(
      '--allow-missing',
      'succeed without the hosts whose agent is not running; they apply the deploy later',
      false,
    )
    .option('--plan', 'show what would change on each host, and change nothing', false)
    .option('--diff', 'show the lines that change, too', false)
    .option('--expect-revision <revision>', 'refuse if the fleet has moved since the plan that printed this')
    .option('--restart', 'start the same release again where nothing changed', false)
    .addOption(signOption())
    .addOption(junitOption().conflicts('plan'))
    .action((folder: string, flags: DeployFlags) => deployFolder(context, folder, flags));
}

async function deployFolder(context: CommandContext, folder: string, flags: DeployFlags): Promise<void> {
  const { message, git, force, noop } = flags;
  const [{ prepareDeploy, withHosts }, { deploy }, { askHosts }] = await Promise.all([
    import('../../deploy/prepare-deploy.js'),
    import('../../deploy/deploy.js'),
    import('../../deploy/ask-hosts.js'),
  ]);
  const begin = async (): Promise<WatchedWork> => {
    const prepared = await prepareDeploy({ folder, message, git, force, noop }, context.interrupts.signal);
    return async (world, call) => {
      const asked = mustAskHosts(prepared, flags) ? await askHosts(world, call.signal) : undefined;
      return deploy(world, withHosts(prepared, flags.hosts ?? asked), { ...flags, ...call });
    };
  };
  await watchDeploy(context, flags, begin, { command: 'deploy', appFolder: folder });
}

/** Without a terminal, where only a plan is wanted, and where the scheduler chooses, all hosts are meant. */
function mustAskHosts({ manifest }: Prepared, { hosts, yes, json, plan }: DeployFlags): boolean {
  const isSaid = manifest.hosts !== undefined || manifest.schedule !== undefined || hosts !== undefined;
  return !isSaid && !yes && !json && !plan && canAsk();
}
