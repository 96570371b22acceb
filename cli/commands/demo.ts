import { Command, Option } from 'commander';
import type { Context } from '../context.js';
import type { DemoFlags } from '../demo/demo.js';

/** `hawser demo`: the main job on this machine, with real parts. */
export function demoCommand(context: Context): Command {
  return new Command('demo')
    .description(
      'bring up three hosts on this machine (real sshd, real etcd, agents) and deploy a sample app to them',
    )
    .option('--keep', 'leave the hosts up and say how to explore them', false)
    .addOption(
      new Option('--backend <kind>', 'what the hosts are')
        .choices(['auto', 'containers', 'processes'])
        .default('auto'),
    )
    .option('--stop', 'take down what --keep left up', false)
    .option('-y, --yes', 'do not ask', false)
    .option('--json', 'print one JSON value', false)
    .option('--verbose', 'say what is done, and where an error comes from', false)
    .addHelpText('after', '\nExample:\n  $ hawser demo --keep')
    .action(async (flags: DemoFlags) => {
      const { demo, stopDemo } = await import('../demo/demo.js');
      await (flags.stop ? stopDemo(flags) : demo(context, flags));
    });
}
