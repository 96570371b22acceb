import { z } from 'zod';
import { type FleetIdentity, parseFleetId } from '../../world/fleet/identity-codec.js';
import type { FleetHost } from './file/fleet.js';

// The keys that say how a fleet is reached, of hawser.yaml files and fleet files.

/** Certificate files for `https://` seeds, named as etcdctl names them. */
export interface TlsFiles {
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a `hawser.yaml` says of the way to the fleet. */
export interface ConnectionConfig {
  /** The name of the fleet that an app belongs to. */
  readonly fleet?: string;
  readonly sshUrls?: readonly string[];
  readonly sshHostkey?: string;
  readonly sshIds?: readonly string[];
  readonly sshKnownHosts?: readonly string[];
  readonly transport?: (typeof TRANSPORTS)[number];
  readonly seeds?: readonly string[];
  readonly tls?: TlsFiles;
  /** Of etcd, where it has authentication switched on. */
  readonly user?: string;
  readonly passwordFile?: string;
  readonly namespace?: string;
  readonly hostname?: string;
  readonly hosts?: readonly string[];
  /** The fleet that the seeds must be of. */
  readonly fleetId?: FleetIdentity;
  /** Of a fleet file: its hosts, each an SSH destination with its own host keys. */
  readonly fleetHosts?: readonly FleetHost[];
  /** Of a fleet file: lines as in known_hosts, the only keys to accept from the jump hosts that they name. */
  readonly jumpKeys?: readonly string[];
}

const text = z.string({ error: 'expected text' }).min(1, 'expected text');
const texts = z.union([text.transform((one) => [one]), z.array(text).min(1)], {
  error: 'expected text, or a list of texts',
});

const TRANSPORTS = ['auto', 'ssh2', 'openssh'] as const;

const fleetId = z
  .string({ error: 'expected the uuid of a fleet' })
  .transform((value, context): FleetIdentity => {
    const fleet = parseFleetId(value);
    if (fleet !== undefined) return fleet;
    context.addIssue({ code: 'custom', message: 'expected the uuid of a fleet' });
    return z.NEVER;
  });

export const connectionKeys = {
  'ssh-url': texts.optional().describe('SSH destinations that lead to the fleet. All are tried at once.'),
  'ssh-hostkey': text.optional().describe('The only host key to accept: "ssh-ed25519 AAAA…" or SHA256:….'),
  'ssh-id': texts.optional().describe('Private keys to log in with, before those of ssh_config.'),
  'ssh-known-hosts': texts.optional().describe('known_hosts files to read instead of those of ssh_config.'),
  transport: z
    .enum(TRANSPORTS, { error: `expected one of ${TRANSPORTS.join(', ')}` })
    .optional()
    .describe('How SSH is spoken: by ssh2 in this process, or by the ssh of this machine. Default: auto.'),
  seeds: texts
    .optional()
    .describe('Where etcd serves, as the host sees it. Default: unix:///run/hawser/etcd.sock.'),
  tls: z
    .strictObject(
      {
        cacert: text.exactOptional().describe('The authority that signed the certificate of etcd: a file.'),
        cert: text.exactOptional().describe('Your own certificate: a file.'),
        key: text.exactOptional().describe('Its private key: a file.'),
      },
      { error: 'expected a mapping with cacert, cert and key' },
    )
    .optional()
    .describe('Certificates for seeds with https.'),
  'etcd-user': text.optional().describe('The user of etcd, where it has authentication switched on.'),
  'password-file': text.optional().describe('The file with the password of that user.'),
  namespace: z
    .string({ error: 'expected text' })
    .optional()
    .describe('What all keys in etcd begin with. Default: /_mgmt.'),
  hostname: text.optional().describe('The name that this machine has in the fleet. Default: its host name.'),
  'ssh-hosts': z
    .array(text, { error: 'expected a list of SSH destinations' })
    .optional()
    .describe('The SSH destinations of single hosts, for commands that log in to each.'),
  'fleet-id': fleetId.optional().describe('The ID of the fleet: hosts of any other are refused.'),
};

const connectionSchema = z.object(connectionKeys);

/** The keys that were found to be right, as a config. */
export function toConnectionConfig(keys: z.output<typeof connectionSchema>): ConnectionConfig {
  const { transport, seeds, tls, namespace, hostname } = keys;
  const ssh = {
    sshUrls: keys['ssh-url'],
    sshHostkey: keys['ssh-hostkey'],
    sshIds: keys['ssh-id'],
    sshKnownHosts: keys['ssh-known-hosts'],
  };
  const etcd = { seeds, tls, user: keys['etcd-user'], passwordFile: keys['password-file'], namespace };
  return present({
    fleetId: keys['fleet-id'],
    ...ssh,
    transport,
    ...etcd,
    hostname,
    hosts: keys['ssh-hosts'],
  });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that are undefined. */
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
