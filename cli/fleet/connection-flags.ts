import type { Command } from 'commander';
import { Option } from 'commander';
import type { TransportName } from '../../tunnel/connection/choose-transport.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import type { FleetIdentity } from '../../world/fleet/identity-codec.js';
import { CONNECTION_OPTIONS, GENERAL_OPTIONS } from '../help/format-help.js';
import { collect, collectList, duration, fleetId } from '../input/parse-flag-values.js';
import type { OutputOptions } from '../output/print.js';
import { PASSWORD_VARIABLE, type UserFlags } from './etcd-user.js';
import type { TlsFlags } from './tls-options.js';

/** Adds the connection flags, the general ones and an example to a command. */
export function withConnection(command: Command, example: string): Command {
  command.optionsGroup(CONNECTION_OPTIONS);
  withEtcdFlags(withSshFlags(command))
    .option('--fleet <name>', 'fleet to use: the name of a known one, or a file that describes one')
    .option('--config <file>', 'hawser.yaml to use, no matter who owns it')
    .optionsGroup(GENERAL_OPTIONS)
    .addOption(
      new Option('--timeout <duration>', 'time limit for each answer from the fleet')
        .argParser(duration)
        .default(undefined, '10s'),
    );
  return withOutput(command, example);
}

function withSshFlags(command: Command): Command {
  command
    .option(
      '--ssh-url <destination>',
      'SSH host to reach the fleet through: user@host:port or a Host of ssh_config (repeat for alternatives)',
      collect,
    )
    .option('--ssh-hostkey <key>', 'accept only this host key: SHA256:… or the base64 key');
  return addLoginOptions(command);
}

/** Adds the flags that say how to log in to hosts that are named otherwise. */
export function withLoginFlags(command: Command): Command {
  return addLoginOptions(command.optionsGroup(CONNECTION_OPTIONS)).optionsGroup('Options:');
}

function addLoginOptions(command: Command): Command {
  return command
    .option('--ssh-id <file>', 'private key to authenticate with (repeatable)', collect)
    .option(
      '--ssh-known-hosts <file>',
      'known_hosts file to use instead of the defaults (repeatable)',
      collect,
    )
    .option('--ssh-config <file>', 'ssh_config file to use instead of the defaults; "none" reads no file')
    .addOption(
      new Option('--transport <name>', 'SSH implementation')
        .choices(['auto', 'ssh2', 'openssh'])
        .default(undefined, 'auto'),
    );
}

function withEtcdFlags(command: Command): Command {
  return command
    .option(
      '--seeds <url>',
      `etcd URL as seen from the SSH host (repeatable; default: ${DEFAULT_CLIENT_URL})`,
      collectList,
    )
    .option('--cacert <file>', 'CA certificate that signed the certificates of https:// seeds')
    .option('--cert <file>', 'client certificate, for seeds that require one')
    .option('--key <file>', 'private key of the client certificate')
    .option('--user <name>', 'etcd user, if etcd has authentication enabled')
    .option(
      '--password-file <file>',
      `file with the password of that user (default: $${PASSWORD_VARIABLE}, else a prompt)`,
    )
    .option('--namespace <prefix>', 'prefix of the keys of the fleet (default: /_mgmt)')
    .option('--hostname <name>', "host to act as in the fleet (default: this machine's name)")
    .addOption(
      new Option(
        '--fleet-id <uuid>',
        'refuse seeds of any other fleet (hawser status --json prints the ID)',
      ).argParser(fleetId),
    );
}

/** Time limits for whole commands. */
const wholeLimits = new WeakSet<Option>();

/** Adds a time limit to a command that has none for what it asks of others. */
export function withTimeLimit(command: Command): void {
  if (command.options.some(({ long }) => long === '--timeout')) return;
  const limit = new Option('--timeout <duration>', 'time limit for the command (default: none)');
  wholeLimits.add(limit);
  command.addOption(limit.argParser(duration).helpGroup(GENERAL_OPTIONS));
}

/** How long such a command may take in all, in milliseconds; undefined if nobody said. */
export function timeLimitOf(command: Command): number | undefined {
  const isLimited = command.options.some((option) => wholeLimits.has(option));
  return isLimited ? command.getOptionValue('timeout') : undefined;
}

/** Adds the flags that say how a command speaks, and an example. */
export function withOutput(command: Command, example: string): Command {
  return command
    .optionsGroup(GENERAL_OPTIONS)
    .option('--json', 'print JSON', false)
    .option('--verbose', 'log progress, and print stack traces on errors', false)
    .optionsGroup('Options:')
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

/** The flags of every command that talks to a fleet. */
export interface ConnectionFlags extends OutputOptions, TlsFlags, UserFlags {
  readonly sshUrl?: string[];
  readonly sshHostkey?: string;
  readonly sshId?: string[];
  readonly sshKnownHosts?: string[];
  readonly sshConfig?: string;
  readonly transport?: TransportName;
  readonly seeds?: string[];
  readonly namespace?: string;
  readonly hostname?: string;
  readonly fleetId?: FleetIdentity;
  /** A name or a file. */
  readonly fleet?: string;
  readonly config?: string;
  readonly timeout?: number;
  /** Of commands that ask before they act; it keeps SSH from asking too. */
  readonly yes?: boolean;
}

/** Those of a command that shows something once or, with `--watch`, again at each change. */
export interface WatchFlags extends ConnectionFlags {
  readonly watch: boolean;
}
