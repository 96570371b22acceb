import { type Command, Option } from 'commander';
import type { ServerTls, TlsFiles } from '../../agent/cluster/server/etcd/etcd-arguments.js';
import { DEFAULT_SERVER_URL } from '../../world/constants.js';
import { CliError } from '../errors.js';
import { collectLabel, collectList } from '../input/parse-flag-values.js';

/** The flags of `hawser run` for certificates, named as etcd names them, for labels and for running without a network. */
export interface ServerFlags {
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly trustedCaFile?: string;
  readonly peerCertFile?: string;
  readonly peerKeyFile?: string;
  readonly peerTrustedCaFile?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly network: boolean;
  readonly socketGroup?: string;
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
    .option('--no-network', 'run a single-host cluster that listens only on unix sockets under the prefix')
    .addOption(
      new Option(
        '--label <key=value>',
        'attach a label to this host (repeatable); etcd servers are spread across the values of "zone"',
      ).argParser(collectLabel),
    )
    .optionsGroup('Where etcd listens, and to whom:')
    .option(
      '--client-urls <urls>',
      'where etcd listens for clients: addresses of this host, and unix:///path (default: a socket that only you can use)',
      collectList,
    )
    .option(
      '--socket-group <group>',
      'let this group use the fleet, and so run anything on every host, through that socket',
    )
    .option(
      '--server-urls <urls>',
      `where etcd listens for other servers (default: nowhere, or ${DEFAULT_SERVER_URL} if --client-urls has an address)`,
      collectList,
    )
    .option('--advertise-client-urls <urls>', 'client URLs that other hosts use', collectList)
    .option('--advertise-server-urls <urls>', 'server URLs that other servers use', collectList)
    .option('--insecure', 'serve anyone who can reach the URLs, without requiring client certificates', false)
    .option('--cert-file <file>', 'certificate that etcd presents to clients, for https:// client URLs')
    .option('--key-file <file>', 'private key of that certificate')
    .option('--trusted-ca-file <file>', 'accept only clients with a certificate from this CA')
    .option(
      '--peer-cert-file <file>',
      'certificate that etcd presents to other servers, for https:// server URLs',
    )
    .option('--peer-key-file <file>', 'private key of that certificate')
    .option('--peer-trusted-ca-file <file>', 'accept only servers with a certificate from this CA')
    .optionsGroup('Options:');
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
    `With --no-network a host is a single-host cluster: omit ${flag} or --no-network.`,
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
    throw new CliError('usage', `A certificate and its key go together: pass --${side}${missing}-file too.`);
  }
  return { certFile, keyFile, ...(trustedCaFile === undefined ? {} : { trustedCaFile }) };
}
