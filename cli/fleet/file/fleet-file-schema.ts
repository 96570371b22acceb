import { isIP } from 'node:net';
import { z } from 'zod';
import { TunnelError } from '../../../tunnel/errors.js';
import { parseHostKeyPins } from '../../../tunnel/host-key/host-key-pin.js';
import { parseKnownHosts } from '../../../tunnel/host-key/known-hosts.js';
import { readDestination } from '../../../tunnel/parse-destination.js';
import { nameProblem } from '../../../tunnel/user-and-host-name-rules.js';
import { ALL_HOSTS } from '../../../world/agents/host-selection.js';
import { AGE_RECIPIENT } from '../../../world/secrets/recipients.js';
import { connectionKeys } from '../connection-schema.js';
import { NAME } from './fleet.js';

// The keys of a fleet file, and what each of them takes.

const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const hostNameRule = `expected a name of letters, digits, dots, dashes and underscores, at most 63, other than "${ALL_HOSTS}"`;
const LABEL_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
const LABEL_VALUE = /^[A-Za-z0-9._/:@+-]{0,255}$/;
const labelRule = 'expected a label of letters, digits and . _ / -, with a value of these and : @ +';
const CERTIFICATES =
  /^(-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]{1,20000}-----END CERTIFICATE-----\s*){1,9}$/;

/** Text that nothing is wrong with. */
function textThat(problemOf: (value: string) => string | undefined, expected: string): z.ZodString {
  return z.string({ error: expected }).check((context) => {
    const message = problemOf(context.value);
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
  });
}

const destinationRule = 'expected an SSH destination such as root@web1.example.org';
const destination = textThat((value) => {
  const read = withoutTunnelError(() => readDestination(value));
  if (read === undefined) return destinationRule;
  if (read.suspected !== undefined) return 'expected a destination without a password';
  return read.destination.hostKey === undefined ? undefined : 'expected no host key here: use host-key';
}, destinationRule);

const hostKeyRule = 'expected a host key as in a .pub file, such as "ssh-ed25519 AAAA…", or SHA256:…';
const hostKey = textThat((value) => {
  const place = { user: '', host: '', port: 22 };
  return withoutTunnelError(() => parseHostKeyPins(value, place)) === undefined ? hostKeyRule : undefined;
}, hostKeyRule);
const hostKeys = z
  .union([z.string(), z.array(z.unknown()).min(1)], { error: hostKeyRule })
  .transform((found) => [found].flat())
  .pipe(z.array(hostKey));

const knownHostsRule = 'expected a line as in known_hosts, such as "bastion.example.org ssh-ed25519 AAAA…"';
const knownHostsLine = textThat((value) => {
  const [line] = value.includes('\n') ? [] : parseKnownHosts(value, '');
  return line === undefined || line.marker !== undefined || line.isCertificate ? knownHostsRule : undefined;
}, knownHostsRule);

const addressRule = 'expected an IP address or a host name, without a port';
const address = textThat(
  (value) => (isIP(value) === 0 && nameProblem('given host', value) !== undefined ? addressRule : undefined),
  addressRule,
);
const userRule = 'expected a user name';
const user = textThat(
  (value) => (value.includes(':') || nameProblem('given user', value) !== undefined ? userRule : undefined),
  userRule,
);
const recipientRule = 'expected a recipient of age, such as age1…';
const ageRecipient = z.string({ error: recipientRule }).regex(AGE_RECIPIENT, recipientRule);
const flag = z.boolean({ error: 'expected true or false' });

const labels = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()], { error: labelRule }).transform(String),
    { error: 'expected a mapping of labels, such as role: web' },
  )
  .superRefine((found, context) => {
    for (const [key, value] of Object.entries(found)) {
      if (isLabel(key, value)) continue;
      context.addIssue({ code: 'custom', path: [key], message: labelRule });
    }
  });

const hostKeysByName = {
  ssh: destination.describe(
    'Where to log in, as ssh takes it: user@host:port, ssh://… or a Host of ssh_config.',
  ),
  'host-key': hostKeys
    .optional()
    .describe('The only host key to accept, or a list of them. Default: known_hosts decides.'),
  jump: destination
    .optional()
    .describe('The destination to go through, instead of the ProxyJump of ssh_config.'),
  address: address.optional().describe('The address at which the other hosts reach it.'),
  user: user.optional().describe('The user to log in as, if ssh names none.'),
  sudo: flag.optional().describe('The user stays out of the group hawser there, and enters etcd by sudo.'),
  bridge: flag.optional().describe('etcd is entered by a command, because sshd forwards no unix sockets.'),
  'age-recipient': ageRecipient.optional().describe('The only key to encrypt secrets for the host to.'),
  labels: labels.optional().describe('Labels to select hosts by.'),
};
const host = z
  .strictObject(hostKeysByName, { error: 'expected a mapping with at least ssh' })
  .superRefine((found, context) => {
    if (found.user === undefined || readDestination(found.ssh).destination.user === undefined) return;
    const message = 'expected no user here, because ssh has one';
    context.addIssue({ code: 'custom', path: ['user'], message });
  });
const hosts = z
  .record(z.string(), host, { error: 'expected a mapping of names to hosts' })
  .superRefine((found, context) => {
    const names = new Map<string, string>();
    for (const [name, { ssh, user = '' }] of Object.entries(found)) {
      if (!isHostName(name)) context.addIssue({ code: 'custom', path: [name], message: hostNameRule });
      const place = `${user}@${ssh}`;
      const other = names.get(place);
      names.set(place, name);
      if (other === undefined) continue;
      const message = `expected another destination than that of ${other}`;
      context.addIssue({ code: 'custom', path: [name, 'ssh'], message });
    }
  });

const fleetName = z
  .string({ error: 'expected the name of the fleet' })
  .regex(NAME, 'expected lowercase letters, digits and dashes, at most 63');
const clusterSize = z
  .int({ error: 'expected a whole number' })
  .min(1, 'expected at least 1')
  .max(99, 'expected at most 99');
const ownKeys = {
  name: fleetName.optional().describe('The name of the fleet. Default: that of the file.'),
  'cluster-size': clusterSize.optional().describe('How many hosts run etcd.'),
  'known-hosts': z
    .array(knownHostsLine, { error: 'expected a list of lines as in known_hosts' })
    .optional()
    .describe(
      'Lines as in known_hosts for the hosts on the way: only these keys are accepted from a host that a line names.',
    ),
  authority: z
    .string({ error: 'expected certificates in PEM' })
    .regex(CERTIFICATES, 'expected certificates in PEM and nothing else')
    .optional()
    .describe('The certificates of the authority of the fleet, in PEM.'),
};
const whole = { error: 'expected a mapping of keys to values' };
const perHost = z
  .undefined({ error: 'expected no such key beside hosts: each of them has its own' })
  .optional();

/** A file with the hosts of a fleet. */
export const fleetSchema = z.strictObject(
  {
    ...ownKeys,
    ...connectionKeys,
    'ssh-url': perHost,
    'ssh-hostkey': perHost,
    hosts: hosts.optional().describe('The hosts by their names, as commands take and show them.'),
  },
  whole,
);

/** A file that only says how a fleet is reached. */
export const reachingSchema = z.strictObject({ ...ownKeys, ...connectionKeys }, whole);

/** The keys of one host. */
export type HostKeys = z.output<typeof host>;

/** The keys that there can be at a place of a fleet file. */
export function knownKeysAt(place: readonly PropertyKey[]): readonly string[] {
  if (place[0] === 'hosts') return Object.keys(hostKeysByName);
  if (place[0] === 'tls') return ['cacert', 'cert', 'key'];
  return ['hosts', ...Object.keys(reachingSchema.shape)];
}

/** Whether a host can have that label. */
export function isLabel(key: string, value: string): boolean {
  return LABEL_KEY.test(key) && LABEL_VALUE.test(value);
}

/** Whether a host of a fleet can be called that. */
export function isHostName(name: string): boolean {
  return HOST_NAME.test(name) && name !== ALL_HOSTS;
}

function withoutTunnelError<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TunnelError) return undefined;
    throw error;
  }
}
