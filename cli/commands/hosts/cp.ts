import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type Place, parsePlace } from '../../cp/parse-place.js';
import { CliError } from '../../errors.js';
import type { HostChoiceFlags } from '../../hosts/choose-hosts.js';
import { loginTimeout, withHostChoice } from '../../hosts/host-choice-flags.js';

interface CpFlags extends Omit<HostChoiceFlags, 'connectTimeout'> {
  readonly timeout?: number;
}

/** `hawser cp`: files to hosts and back. */
export function cpCommand({ interrupts }: CommandContext): Command {
  const command = new Command('cp')
    .description('copy files and directories to hosts, or from them')
    .usage('[options] SOURCE… HOSTS:TARGET | HOSTS:SOURCE TARGET')
    .argument(
      '<places...>',
      'paths; those of hosts begin with names, globs, labels or a destination, and a colon',
    )
    .option('-r, --recursive', 'accepted for the habit: directories are always copied whole');
  withHostChoice(command, 'hawser cp ./site web1:/srv');
  return command.addOption(loginTimeout('--timeout')).action(async (texts: string[], flags: CpFlags) => {
    const [{ chooseHosts }, { copy }] = await Promise.all([
      import('../../hosts/choose-hosts.js'),
      import('../../cp/copy.js'),
    ]);
    const { hosts: text, ...wanted } = readPlaces(texts.map(parsePlace));
    const { hosts } = await chooseHosts(text, {
      ...flags,
      ...(flags.timeout === undefined ? {} : { connectTimeout: flags.timeout }),
    });
    await copy({ ...flags, ...wanted, hosts }, interrupts.signal);
  });
}

/** @throws CliError `usage` unless exactly one side is on hosts */
function readPlaces(places: readonly Place[]) {
  const sources = places.slice(0, -1);
  const to = places.at(-1);
  if (to === undefined || sources.length === 0)
    throw new CliError('usage', 'Name what to copy and where: hawser cp SOURCE… HOSTS:TARGET.');
  const paths = sources.map(({ path }) => path);
  if (to.kind === 'hosts') {
    if (sources.some(({ kind }) => kind === 'hosts'))
      throw new CliError('usage', 'From host to host is not copied directly: copy to this machine first.');
    return { direction: 'to hosts' as const, sources: paths, to: to.path, hosts: to.hosts };
  }
  const named = new Set(sources.map((place) => (place.kind === 'hosts' ? place.hosts : '')));
  const [hosts = '', ...others] = named;
  if (hosts === '' && others.length === 0)
    throw new CliError(
      'usage',
      'Neither side is on a host: write HOSTS:PATH, such as web1:/etc/motd. A path with a colon begins with ./',
    );
  if (others.length > 0)
    throw new CliError('usage', 'All sources have to be on the same hosts: copy from the others separately.');
  return { direction: 'from hosts' as const, sources: paths, to: to.path, hosts };
}
