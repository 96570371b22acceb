import { Command, Option } from 'commander';
import type { CommandContext } from '../command-context.js';
import type { DemoFlags } from '../demo/demo.js';
import { CliError } from '../errors.js';
import { withOutput } from '../fleet/connection-flags.js';

/** `hawser demo`: the main job on this machine, with real parts. */
export function demoCommand(context: CommandContext): Command {
  return withOutput(new Command('demo'), 'hawser demo --keep')
    .description(
      'start three hosts on this machine (real sshd, real etcd, agents) and deploy a sample app to them',
    )
    .option('--keep', 'keep the hosts running, and print how to explore them', false)
    .addOption(
      new Option('--backend <kind>', 'how to run the hosts')
        .choices(['auto', 'containers', 'processes'])
        .default('auto'),
    )
    .option('--stop', 'stop the hosts that an earlier "demo --keep" left running', false)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .action(async (flags: DemoFlags) => {
      if (flags.keep && flags.stop) throw eitherKeepOrStop();
      const { demo, stopDemo } = await import('../demo/demo.js');
      await (flags.stop ? stopDemo(flags) : demo(context, flags));
    });
}

function eitherKeepOrStop(): CliError {
  const message =
    'Pass either --keep, which starts hosts and leaves them running, or --stop, which stops those that were left running.';
  return new CliError('usage', message);
}
