import { z } from 'zod';
import { APP_NAME, type AppProcess, type HealthCheck, type Hook } from '../../world/deploys/manifest.js';
import { present } from '../fleet/connection-schema.js';
import { argv, count, duration, env, listen } from './value-schemas.js';

const DEFAULT_HEALTH_TIMEOUT_MS = 30_000;
const DEFAULT_INTERVAL_MS = 500;

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:8080/' });

const tcpAddress = z
  .string({ error: 'expected host:port' })
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):[0-9]{1,5}$/, 'expected host:port')
  .transform((address) => {
    const colon = address.lastIndexOf(':');
    return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
  })
  .refine(({ port }) => port >= 1 && port <= 65_535, 'expected a port from 1 to 65535');

/** How to find out that an app works. */
const health = z
  .strictObject(
    {
      http: httpUrl.optional().describe('A URL that has to answer with 200 to 299.'),
      tcp: tcpAddress.optional().describe('An address that has to accept connections: host:port.'),
      exec: argv.optional().describe('A program that has to exit with 0.'),
      timeout: duration.optional().describe('How long it may take to become healthy. Default: 30s.'),
      interval: duration.optional().describe('Between two tries. Default: 500ms.'),
      'try-timeout': duration.optional().describe('How long one try may take. Default: 5s.'),
      successes: count(1).optional().describe('How many tries in a row have to pass. Default: 1.'),
      'answered-by': z
        .enum(['app', 'anyone'], { error: 'expected app or anyone' })
        .optional()
        .describe('Who may answer at the port: only the app (default), or also a proxy or container engine.'),
    },
    { error: 'expected a mapping with http, tcp or exec' },
  )
  .transform(({ http, tcp, exec, timeout, interval, successes, ...rest }, context): HealthCheck => {
    const how = {
      timeoutMs: timeout ?? DEFAULT_HEALTH_TIMEOUT_MS,
      intervalMs: interval ?? DEFAULT_INTERVAL_MS,
      ...present({
        tryMs: rest['try-timeout'],
        successes,
        answeredBy: rest['answered-by'] === 'anyone' ? ('anyone' as const) : undefined,
      }),
    };
    const checks: HealthCheck[] = [];
    if (http !== undefined) checks.push({ kind: 'http', url: http, ...how });
    if (tcp !== undefined) checks.push({ kind: 'tcp', ...tcp, ...how });
    if (exec !== undefined) checks.push({ kind: 'exec', argv: exec, ...how });
    const [check] = checks;
    if (check !== undefined && checks.length === 1) return check;
    context.addIssue({ code: 'custom', message: 'expected exactly one of http, tcp and exec' });
    return z.NEVER;
  });

/** The keys that say how one process runs; for an app with only one they stand beside its name. */
export const processKeys = {
  run: argv.optional().describe('The program and its arguments. No shell is involved.'),
  listen: listen.optional().describe('The address of a socket that the host hands over as descriptor 3.'),
  health: health.optional().describe('How to find out that it works: exactly one of http, tcp and exec.'),
  switch: z
    .enum(['stop-first', 'overlap'], { error: 'expected stop-first or overlap' })
    .optional()
    .describe('Whether the old release is stopped before the new one starts, or after it is healthy.'),
  'stop-grace': duration.optional().describe('How long it may take to exit after SIGTERM. Default: 10s.'),
};

const oneProcess = z.strictObject(
  {
    ...processKeys,
    env: env.optional().describe('Environment variables of this program, besides those of all.'),
  },
  { error: 'expected a mapping with at least run' },
);

const processNameRule = 'expected a name of lowercase letters, digits and dashes, at most 63';

/** By name. */
export const processes = z
  .record(z.string(), oneProcess, { error: 'expected a mapping of names to processes' })
  .superRefine((all, context) => {
    const names = Object.keys(all);
    if (names.length === 0)
      context.addIssue({ code: 'custom', message: 'expected at least one process, with its name' });
    for (const name of names) {
      if (!APP_NAME.test(name)) context.addIssue({ code: 'custom', path: [name], message: processNameRule });
      if (all[name]?.run === undefined)
        context.addIssue({ code: 'custom', path: [name], message: 'expected a mapping with at least run' });
    }
  })
  .transform((all): Record<string, AppProcess> => {
    const found = Object.entries(all).map(([name, keys]) => [name, toProcess(keys)] as const);
    return Object.fromEntries(
      found.flatMap(([name, process]) => (process === undefined ? [] : [[name, process]])),
    );
  });

/** Undefined for an app of which the files are all there is. */
export function toProcess(keys: z.output<typeof oneProcess>): AppProcess | undefined {
  const { run, listen, health, env } = keys;
  if (run === undefined) return undefined;
  const overlap = keys.switch === 'overlap' ? ('overlap' as const) : undefined;
  return { run, ...present({ env, health, listen, switch: overlap, stopGraceMs: keys['stop-grace'] }) };
}

/** A command, or a mapping of `run` and `timeout`. */
export const hook = z.union(
  [
    argv.transform((run): Hook => ({ run })),
    z
      .strictObject({
        run: argv.describe('The program and its arguments.'),
        timeout: duration.optional().describe('How long it may take. Default: 5m.'),
      })
      .transform(({ run, timeout }): Hook => ({ run, ...present({ timeoutMs: timeout }) })),
  ],
  { error: 'expected a list of a program and its arguments, or a mapping with run and timeout' },
);
