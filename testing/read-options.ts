import { z } from 'zod';
import {
  FleetError,
  type FleetOptions,
  hardenedSshd,
  type NamedHost,
  OLD_SSHD,
  planHosts,
  type SshdProfile,
  TWO_FACTOR_SSHD,
} from '../fixtures/index.js';
import type { HostOptions, SshdOption, StartFleetOptions } from './start-options.js';

const keyType = z.enum(['ed25519', 'rsa']);
const sshd = z.union(
  [
    z.enum(['default', 'old', 'hardened', 'two-factor']),
    z.strictObject({ config: z.string(), hostKeyType: keyType.optional() }),
  ],
  'expected default, old, hardened, two-factor, or an object with config',
);
const hostShape = {
  user: z.string().optional(),
  users: z.array(z.string()).optional(),
  sudo: z.enum(['none', 'free', 'password']).optional(),
  jump: z.string().optional(),
  sshd: sshd.optional(),
  systemd: z.boolean().optional(),
  disks: z
    .record(z.string().startsWith('/', 'expected a path that begins with /'), z.int().positive())
    .optional(),
};
const someHosts = 'expected a number from 1 to 200, or as many names or objects with a name';
const schema = z.strictObject({
  ...hostShape,
  hosts: z
    .union(
      [
        z.int().min(1, someHosts).max(200, someHosts),
        z
          .array(z.union([z.string(), z.strictObject({ ...hostShape, name: z.string() })]))
          .min(1, someHosts)
          .max(200, someHosts),
      ],
      someHosts,
    )
    .optional(),
  agents: z.boolean().optional(),
  servers: z.int().positive().optional(),
  backend: z.enum(['auto', 'containers', 'processes']).optional(),
  etcd: z.enum(['3.4', '3.5', '3.6']).optional(),
  key: z.strictObject({ type: keyType.optional(), passphrase: z.string().min(5).optional() }).optional(),
  delayMs: z.number().min(0).max(60_000).optional(),
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'expected small letters, digits and hyphens, 32 at most')
    .optional(),
  keep: z.boolean().optional(),
  onPrepare: z.custom((value) => typeof value === 'function', 'expected a function').optional(),
  signal: z.custom((value) => isAbortSignal(value), 'expected an AbortSignal').optional(),
});

/**
 * What the fixtures are to start.
 * @throws FleetError `invalid-option`, naming every option that is wrong
 */
export function readOptions(options: StartFleetOptions): FleetOptions {
  const { success, error } = schema.safeParse(options);
  if (!success) throw invalid(error.issues.map(describe).join('; '), error);
  const { hosts = 1, agents = false, sshd: ofAll, key, name, signal } = options;
  const named = typeof hosts === 'number' ? numbered(hosts) : hosts;
  const read: FleetOptions = {
    hosts: named.map((host) => {
      const own = typeof host === 'string' ? { name: host } : host;
      return { name: own.name, ...hostSettings({ ...own, sshd: own.sshd ?? ofAll }) };
    }),
    ...hostSettings(options),
    // Each host has its own by now.
    sshd: {},
    agents,
    // Else processes could not be cut off.
    ownNetworks: true,
    ...given({ backend: options.backend, etcd: options.etcd, name, signal, keep: options.keep }),
    ...given({ delayMs: options.delayMs, key: key && given(key), members: options.servers }),
    log: logTo(options.onPrepare ?? sayOnStderr),
  };
  check(read);
  return read;
}

/** @throws FleetError `invalid-option` for hosts that do not fit together */
function check(options: FleetOptions): void {
  try {
    planHosts(options);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(error.message, error);
    throw error;
  }
}

function hostSettings(host: HostOptions): Omit<NamedHost, 'name'> {
  const { user, users, sudo, jump, systemd, disks } = host;
  return given({
    ...{ user, users, sudo, jump, systemd },
    tmpfs: disks,
    sshd: host.sshd === undefined ? undefined : profile(host.sshd),
  });
}

function profile(option: SshdOption): SshdProfile {
  if (option === 'default') return { config: '' };
  if (option === 'old') return OLD_SSHD;
  // Wherever the fleet's etcd servers are, which is not known before they start.
  if (option === 'hardened') return hardenedSshd(['*:2379']);
  if (option === 'two-factor') return TWO_FACTOR_SSHD;
  return { config: option.config, ...given({ hostKeyType: option.hostKeyType }) };
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `h${index + 1}`);
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without what is undefined. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

function describe(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.');
  const what =
    issue.code === 'unrecognized_keys' ? `there is no option ${issue.keys.join(', ')}` : issue.message;
  return where === '' ? what : `${where}: ${what}`;
}

function invalid(what: string, cause: unknown): FleetError {
  return new FleetError('invalid-option', `startFleet does not take these options: ${what}`, { cause });
}

/** Runners that give each test file a realm of its own have their own AbortSignal. */
function isAbortSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

export function sayOnStderr(message: string): void {
  process.stderr.write(`hawser/testing: ${message}\n`);
}

/** What takes time, and what is not as asked for. */
export function logTo(say: (message: string) => void): NonNullable<FleetOptions['log']> {
  return (level, message) => {
    if (level !== 'debug') say(message);
  };
}
