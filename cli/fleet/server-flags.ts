import { type Command, Option } from 'commander';
import type { ServerTls, TlsFiles } from '../../agent/cluster/server/etcd/flags.js';
import { CliError } from '../errors.js';
import { collectLabel } from '../input/parsers.js';

/** The flags of `hawser run` for its certificates, named as etcd names them, and for what it says of its host. */
export interface ServerFlags {
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly trustedCaFile?: string;
  readonly peerCertFile?: string;
  readonly peerKeyFile?: string;
  readonly peerTrustedCaFile?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly network: boolean;
  readonly sshUrl?: string[];
  readonly seeds?: string[];
  readonly clientUrls?: string[];
  readonly serverUrls?: string[];
  readonly advertiseClientUrls?: string[];
  readonly advertiseServerUrls?: string[];
}

/** Adds these flags to a command. */
export function withServerFlags(command: Command): Command {
  return command
    .option('--no-network', 'be a cluster by itself that listens on unix sockets in the prefix only')
    .addOption(
      new Option(
        '--label <key=value>',
        'say this of the host to the fleet (repeatable); etcd servers are spread over the values of "zone"',
      ).argParser(collectLabel),
    )
    .option('--cert-file <file>', 'certificate that etcd shows its clients, for https:// client URLs')
    .option('--key-file <file>', 'its private key')
    .option('--trusted-ca-file <file>', 'serve only clients with a certificate of this authority')
    .option('--peer-cert-file <file>', 'certificate that etcd shows other servers, for https:// server URLs')
    .option('--peer-key-file <file>', 'its private key')
    .option('--peer-trusted-ca-file <file>', 'let only servers with a certificate of this authority in');
}

/** @throws CliError `usage` for a certificate without its key, or the other way round. */
export function serverTls(flags: ServerFlags): ServerTls | undefined {
  const client = tlsFiles('', flags.certFile, flags.keyFile, flags.trustedCaFile);
  const peer = tlsFiles('peer-', flags.peerCertFile, flags.peerKeyFile, flags.peerTrustedCaFile);
  if (client === undefined && peer === undefined) return undefined;
  return { ...(client === undefined ? {} : { client }), ...(peer === undefined ? {} : { peer }) };
}

/** @throws CliError `usage` for flags that need a network, beside `--no-network`. */
export function refuseNetworkFlags(flags: ServerFlags): void {
  if (flags.network) return;
  const given = [
    ['--seeds', flags.seeds],
    ['--ssh-url', flags.sshUrl],
    ['--client-urls', flags.clientUrls],
    ['--server-urls', flags.serverUrls],
    ['--advertise-client-urls', flags.advertiseClientUrls],
    ['--advertise-server-urls', flags.advertiseServerUrls],
  ] as const;
  const [flag] = given.find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  throw new CliError(
    'usage',
    `A host without network is a cluster by itself: leave out ${flag} or --no-network.`,
  );
}

function tlsFiles(
  side: '' | 'peer-',
  certFile: string | undefined,
  keyFile: string | undefined,
  trustedCaFile: string | undefined,
): TlsFiles | undefined {
  if (certFile === undefined && keyFile === undefined && trustedCaFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    const missing = certFile === undefined ? 'cert' : 'key';
    throw new CliError('usage', `A certificate goes with its key: give --${side}${missing}-file too.`);
  }
  return { certFile, keyFile, ...(trustedCaFile === undefined ? {} : { trustedCaFile }) };
}
