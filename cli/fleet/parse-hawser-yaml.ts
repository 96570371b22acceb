import { z } from 'zod';
import {
  type Argv,
  DEFAULT_SETTLE_MS,
  type HealthCheck,
  type Manifest,
  ONLY_PROCESS,
} from '../../world/deploys/manifest.js';
import { parseDuration } from '../input/parse-duration.js';
import { type ConnectionConfig, connectionKeys, present, toConnectionConfig } from './connection-schema.js';
import { describeYamlProblems } from './describe-yaml-problems.js';
import { NAME } from './file/fleet.js';
import type { YamlText } from './yaml-text.js';

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

const nameRule = 'expected a name of lowercase letters, digits and dashes, at most 63';
const name = z.string({ error: nameRule }).regex(NAME, nameRule);
const fleetRule = 'expected the name of a fleet: lowercase letters, digits and dashes, at most 63';

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
export function parseManifest(
  value: unknown,
  placeOf?: YamlText['placeOf'],
): { manifest: Manifest } | { problems: string[] } {
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) return { problems: describeYamlProblems(parsed.error, value, KEYS, placeOf) };
  const { name, run, env, health, settle } = parsed.data;
  const settleMs = settle === DEFAULT_SETTLE_MS ? undefined : settle;
  if (run === undefined) return { manifest: { name, ...present({ env, health, settleMs }) } };
  const processes = { [ONLY_PROCESS]: { run, ...present({ health }) } };
  return { manifest: { name, processes, ...present({ env, settleMs }) } };
}

/** Reads the connection part; the app part is checked too, but nothing of it is needed. */
export function parseConfig(
  value: unknown,
  placeOf?: YamlText['placeOf'],
): { config: ConnectionConfig } | { problems: string[] } {
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) return { problems: describeYamlProblems(parsed.error, value, KEYS, placeOf) };
  const { fleet } = parsed.data;
  return { config: { ...(fleet === undefined ? {} : { fleet }), ...toConnectionConfig(parsed.data) } };
}
