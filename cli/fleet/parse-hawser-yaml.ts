import { z } from 'zod';
import { DEFAULT_SETTLE_MS, type HealthCheck, type Manifest } from '../../world/deploys/deploy-payload.js';
import { type FleetIdentity, parseFleetId } from '../../world/fleet/identity-codec.js';
import { parseDuration } from '../input/parse-duration.js';
import { describeYamlProblems } from './describe-yaml-problems.js';

type Argv = NonNullable<Manifest['run']>;

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
}

const text = z.string({ error: 'expected text' }).min(1, 'expected text');
const texts = z.union([text.transform((one) => [one]), z.array(text).min(1)], {
  error: 'expected text, or a list of texts',
});
const scalar = z
  .union([z.string(), z.number(), z.boolean()], { error: 'expected text or a number' })
  .transform(String);
const argvRule = 'expected a list of the program and its arguments, such as ["node", "server.js"]';
const argv = z
  .array(scalar, { error: argvRule })
  .min(1, argvRule)
  .transform(([program = '', ...args]): Argv => [program, ...args]);
const duration = (fallbackMs: number) =>
  z
    .unknown()
    .optional()
    .transform((value, context) => {
      if (value === undefined) return fallbackMs;
      const ms = typeof value === 'string' ? parseDuration(value) : undefined;
      if (ms !== undefined && ms > 0) return ms;
      context.addIssue({ code: 'custom', message: 'expected a duration such as 5s' });
      return z.NEVER;
    });

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:8080/' });
const tcpAddress = z
  .string({ error: 'expected host:port' })
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):[0-9]{1,5}$/, 'expected host:port')
  .transform((address) => {
    const colon = address.lastIndexOf(':');
    return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
  })
  .refine(({ port }) => port >= 1 && port <= 65_535, 'expected a port from 1 to 65535');

const health = z
  .strictObject(
    {
      http: httpUrl.optional(),
      tcp: tcpAddress.optional(),
      exec: argv.optional(),
      timeout: duration(30_000),
      interval: duration(500),
      'answered-by': z.enum(['app', 'anyone'], { error: 'expected app or anyone' }).optional(),
    },
    { error: 'expected a mapping with http, tcp or exec' },
  )
  .transform(
    ({ http, tcp, exec, timeout: timeoutMs, interval: intervalMs, ...rest }, context): HealthCheck => {
      const checks: HealthCheck[] = [];
      const how = { timeoutMs, intervalMs, ...present({ answeredBy: anyone(rest['answered-by']) }) };
      if (http !== undefined) checks.push({ kind: 'http', url: http, ...how });
      if (tcp !== undefined) checks.push({ kind: 'tcp', ...tcp, ...how });
      if (exec !== undefined) checks.push({ kind: 'exec', argv: exec, ...how });
      const [check] = checks;
      if (check !== undefined && checks.length === 1) return check;
      context.addIssue({ code: 'custom', message: 'expected exactly one of http, tcp and exec' });
      return z.NEVER;
    },
  );

function anyone(who: 'app' | 'anyone' | undefined): 'anyone' | undefined {
  return who === 'anyone' ? who : undefined;
}

/** What a shell takes, and systemd: another name would be lost on the way to the app. */
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;
const env = z
  .record(z.string(), scalar, { error: 'expected a mapping of names to values' })
  .superRefine((values, context) => {
    for (const key of Object.keys(values))
      if (!variable.test(key))
        context.addIssue({
          code: 'custom',
          path: [key],
          message: 'expected a name of letters, digits and _',
        });
  });

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const nameRule = 'expected a name of lowercase letters, digits and dashes, at most 63';
const name = z.string({ error: nameRule }).regex(NAME, nameRule);
const fleetRule = 'expected the name of a fleet: lowercase letters, digits and dashes, at most 63';

const TRANSPORTS = ['auto', 'ssh2', 'openssh'] as const;

const fleetId = z
  .string({ error: 'expected the uuid of a fleet' })
  .transform((value, context): FleetIdentity => {
    const fleet = parseFleetId(value);
    if (fleet !== undefined) return fleet;
    context.addIssue({ code: 'custom', message: 'expected the uuid of a fleet' });
    return z.NEVER;
  });

const connectionKeys = {
  'ssh-url': texts.optional(),
  'ssh-hostkey': text.optional(),
  'ssh-id': texts.optional(),
  'ssh-known-hosts': texts.optional(),
  transport: z.enum(TRANSPORTS, { error: `expected one of ${TRANSPORTS.join(', ')}` }).optional(),
  seeds: texts.optional(),
  tls: z
    .strictObject(
      { cacert: text.exactOptional(), cert: text.exactOptional(), key: text.exactOptional() },
      { error: 'expected a mapping with cacert, cert and key' },
    )
    .optional(),
  user: text.optional(),
  'password-file': text.optional(),
  namespace: z.string({ error: 'expected text' }).optional(),
  hostname: text.optional(),
  hosts: z.array(text, { error: 'expected a list of hosts' }).optional(),
  'fleet-id': fleetId.optional(),
};

const appKeys = {
  fleet: z.string({ error: fleetRule }).regex(NAME, fleetRule).optional(),
  run: argv.optional(),
  env: env.optional(),
  health: health.optional(),
  settle: duration(DEFAULT_SETTLE_MS),
};

/** The keys that say what an app is; every other one says how a fleet is reached. */
export const APP_KEYS: readonly string[] = ['name', ...Object.keys(appKeys)];

const whole = { error: 'expected a mapping of keys to values' };
const manifestSchema = z.strictObject({ name, ...appKeys, ...connectionKeys }, whole);
const configSchema = manifestSchema.partial({ name: true });
const KEYS = [
  ...Object.keys(manifestSchema.shape),
  'http',
  'tcp',
  'exec',
  'timeout',
  'interval',
  'answered-by',
  'cacert',
  'cert',
  'key',
];

/** Reads the app part of a `hawser.yaml` that was parsed already; the connection part is checked and left out. */
export function parseManifest(value: unknown): { manifest: Manifest } | { problems: string[] } {
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) return { problems: describeYamlProblems(parsed.error, value, KEYS) };
  const { name, run, env, health, settle } = parsed.data;
  const settleMs = settle === DEFAULT_SETTLE_MS ? undefined : settle;
  return { manifest: { name, ...present({ run, env, health, settleMs }) } };
}

/** Reads the connection part; the app part is checked too, but nothing of it is needed. */
export function parseConfig(value: unknown): { config: ConnectionConfig } | { problems: string[] } {
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) return { problems: describeYamlProblems(parsed.error, value, KEYS) };
  const { fleet, transport, seeds, tls, user, namespace, hostname, hosts, ...rest } = parsed.data;
  const ssh = {
    sshUrls: rest['ssh-url'],
    sshHostkey: rest['ssh-hostkey'],
    sshIds: rest['ssh-id'],
    sshKnownHosts: rest['ssh-known-hosts'],
  };
  const etcd = { seeds, tls, user, passwordFile: rest['password-file'], namespace };
  return {
    config: present({ fleet, fleetId: rest['fleet-id'], ...ssh, transport, ...etcd, hostname, hosts }),
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that are undefined. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
