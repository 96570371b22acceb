import type { Command } from 'commander';
import { Option } from 'commander';
import type { TransportName } from '../../tunnel/connection/choose-transport.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import type { FleetIdentity } from '../../world/fleet/fleet-identity.js';
import { collect, collectList, duration, fleetId } from '../input/parsers.js';
import type { OutputOptions } from '../output/print.js';
import { PASSWORD_VARIABLE, type UserFlags } from './etcd-user.js';
import type { TlsFlags } from './tls-options.js';

/** Adds the connection flags and an example to a command. */
export function withConnection(command: Command, example: string): Command {
  return command
    .optionsGroup('Connection:')
    .option(
      '--ssh-url <destination>',
      'user@host:port or a Host of ssh_config to reach the fleet through; repeat it for several ways in',
      collect,
    )
    .option('--ssh-hostkey <key>', 'accept only this host key: SHA256:… or the base64 key')
    .option('--ssh-id <file>', 'private key to authenticate with (repeatable)', collect)
    .option(
      '--ssh-known-hosts <file>',
      'known_hosts file to use instead of the usual ones (repeatable)',
      collect,
    )
    .option('--ssh-config <file>', 'ssh_config file to use instead of the usual ones, or none')
    .addOption(
      new Option('--transport <name>', 'what speaks SSH (default auto)').choices(['auto', 'ssh2', 'openssh']),
    )
    .option(
      '--seeds <url>',
      `etcd as seen from the SSH host (repeatable; default ${DEFAULT_CLIENT_URL})`,
      collectList,
    )
    .option('--cacert <file>', 'authority that signed the certificates of https:// seeds')
    .option('--cert <file>', 'our certificate, for seeds that want one')
    .option('--key <file>', 'its private key')
    .option('--user <name>', 'user of etcd, where it has authentication switched on')
    .option(
      '--password-file <file>',
      `file with the password of that user (default: ${PASSWORD_VARIABLE}, or asked for)`,
    )
    .option('--namespace <prefix>', 'where the fleet keeps its keys (default /_mgmt)')
    .option('--hostname <name>', "who we are to the fleet (default: this machine's name)")
    .addOption(
      new Option(
        '--fleet-id <uuid>',
        'refuse seeds of any other fleet (hawser status --json shows it)',
      ).argParser(fleetId),
    )
    .option('--fleet <name>', 'which of the fleets that you know, or a file that describes one')
    .option('--config <file>', 'use this hawser.yaml, whoever wrote it')
    .addOption(
      new Option('--timeout <duration>', 'how long an answer may take (default 10s)').argParser(duration),
    )
    .optionsGroup('Options:')
    .option('--json', 'print one JSON value', false)
    .option('--verbose', 'say what is done, and where an error comes from', false)
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

/** The flags that every command which talks to a fleet takes. */
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
