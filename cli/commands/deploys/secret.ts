import { Command } from 'commander';
import { DEFAULT_PREFIX } from '../../../agent/constants.js';
import type { HostFlags } from '../../agent-access/hosts-to-reach.js';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { resolveTarget } from '../../fleet/resolve-target.js';
import { printResult } from '../../output/print.js';
import { canAsk, confirm } from '../../prompts/confirm.js';
import { expandHome, workingFolder } from '../../system/user-folders.js';

interface SetFlags extends HostFlags {
  readonly app?: string;
  readonly hosts?: string;
  readonly file?: string;
  readonly trustEtcd: boolean;
  readonly sudoPasswordFile?: string;
}

interface NamedFlags extends ConnectionFlags {
  readonly app?: string;
}

/** `hawser secret`: what apps must have and nobody else may read. */
export function secretCommand(context: CommandContext): Command {
  const secret = new Command('secret').description('store secrets of apps, which only their hosts can read');
  for (const command of [setCommand, listCommand, removeCommand]) secret.addCommand(command(context));
  return secret.addHelpText('after', '\nExample:\n  $ hawser secret set DB_PASSWORD --app shop');
}

const APP_OPTION = ['--app <name>', 'the app (default: that of the hawser.yaml here)'] as const;

function setCommand(context: CommandContext): Command {
  return withConnection(new Command('set'), 'hawser secret set DB_PASSWORD --app shop')
    .description(
      'set a secret of an app: the value is asked for without showing it, or read from standard input',
    )
    .argument('<name>', 'its name: letters, digits and _')
    .option(...APP_OPTION)
    .option(
      '--hosts <hosts>',
      'who can read it: names, globs and labels, separated by commas (default: the hosts of the app)',
    )
    .option('--file <file>', 'read the value from a file, all of it; - is standard input')
    .option('--trust-etcd', 'encrypt to the keys that etcd has, without asking the hosts for them', false)
    .option('-y, --yes', 'ask nothing but for passwords and the value', false)
    .option('--prefix <dir>', 'data directory of the agents', DEFAULT_PREFIX)
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts')
    .action((name: string, flags: SetFlags) => set(context, name, flags));
}

async function set(context: CommandContext, name: string, flags: SetFlags): Promise<void> {
  const [{ chooseApp, checkSecretName }, { isAsked, readSecretValue }, { setSecret }] = await Promise.all([
    import('../../secrets/choose-hosts.js'),
    import('../../secrets/read-secret-value.js'),
    import('../../secrets/set-secret.js'),
  ]);
  const { signal } = context.interrupts;
  checkSecretName(name);
  const chosen = await chooseApp(flags.app);
  const value = isAsked(flags.file) ? undefined : await readSecretValue(flags.file, signal);
  const appFolder = chosen.manifest === undefined ? undefined : workingFolder();
  const place = appFolder === undefined ? {} : { appFolder };
  const target = await resolveTarget(flags, { ...place, signal });
  const { sudoPasswordFile: file } = flags;
  const request = {
    ...{ ...flags, name, chosen, value, target, hosts: flags.hosts },
    sudoPasswordFile: file === undefined ? undefined : expandHome(file),
  };
  const outcome = await withWorld(context, flags, (world, call) => setSecret(world, request, call), place);
  const { app, hosts } = outcome;
  printResult(flags, outcome, `Set ${name} of ${app} for ${hosts.join(', ')}.`);
}

function listCommand(context: CommandContext): Command {
  return withConnection(new Command('list'), 'hawser secret list --app shop')
    .description('list the secrets, who set them, and which hosts can read them; never what they are')
    .option('--app <name>', 'only those of an app (default: of all)')
    .action(async (flags: NamedFlags) => {
      const { formatSecrets, summariseSecrets } = await import('../../secrets/list-secrets.js');
      const secrets = await withWorld(context, flags, (world, call) =>
        summariseSecrets(world, flags.app, call),
      );
      printResult(flags, secrets, formatSecrets(secrets));
    });
}

function removeCommand(context: CommandContext): Command {
  return withConnection(new Command('remove'), 'hawser secret remove DB_PASSWORD --app shop')
    .description('delete a secret of an app; what runs keeps it until it is started again')
    .argument('<name>', 'its name')
    .option(...APP_OPTION)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .action(async (name: string, flags: NamedFlags) => {
      const [{ chooseApp, checkSecretName }, { deleteSecret }] = await Promise.all([
        import('../../secrets/choose-hosts.js'),
        import('../../secrets/list-secrets.js'),
      ]);
      const { signal } = context.interrupts;
      checkSecretName(name);
      const { app, manifest } = await chooseApp(flags.app);
      const question = `Delete the secret ${name} of ${app}?`;
      const asks = flags.yes !== true && !flags.json && canAsk();
      if (asks && !(await confirm(question, { signal, byDefault: false })))
        throw new CliError('declined', 'Nothing was changed.');
      const place = manifest === undefined ? {} : { appFolder: workingFolder() };
      await withWorld(context, flags, (world, call) => deleteSecret(world, { app, name }, call), place);
      printResult(flags, { app, name }, `Deleted ${name} of ${app}.`);
    });
}
