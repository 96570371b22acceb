import { type Command, Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { withLoginFlags, withOutput } from '../../fleet/connection-flags.js';
import { duration } from '../../input/parse-flag-values.js';
import { logTo, type OutputOptions } from '../../output/print.js';
import type { SetupRequest } from '../../setup/host/connect-options.js';
import { expandHome } from '../../system/user-folders.js';

const DEFAULT_TIMEOUT_MS = 15_000;

type Given = 'timeoutMs' | 'signal' | 'log';

/** The flags of a command that sets up hosts, as commander reads them. */
export type HostFlags<Request> = Omit<Request, Given> & { readonly timeout?: number };

/** Adds the flags of every command that sets up hosts, and an example. */
export function withHostFlags(command: Command, example: string): Command {
  command
    .option('--fleet <name>', 'fleet to use: the name of a known one, or a file that describes one')
    .option('--sudo-password-file <file>', 'file with the password that sudo asks for on the hosts');
  return withOutput(withLoginFlags(command), example).addOption(
    new Option('--timeout <duration>', 'time limit for logging in to a host')
      .argParser(duration)
      .default(undefined, '15s'),
  );
}

/** What such a command is asked for, with the paths of its files as the person meant them. */
export function toHostRequest<Flags extends HostFlags<SetupRequest & OutputOptions>>(
  { interrupts }: CommandContext,
  flags: Flags,
): Flags & Pick<SetupRequest, Given> {
  return {
    ...flags,
    sshConfig: flags.sshConfig === undefined ? undefined : expandHome(flags.sshConfig),
    sshId: flags.sshId?.map(expandHome),
    sshKnownHosts: flags.sshKnownHosts?.map(expandHome),
    timeoutMs: flags.timeout ?? DEFAULT_TIMEOUT_MS,
    signal: interrupts.signal,
    log: logTo(flags),
  };
}
