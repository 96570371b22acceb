import { z } from 'zod';
import { APP_NAME, type AppSchedule, type Rollout } from '../../world/deploys/manifest.js';
import { STRATEGIES } from '../../world/scheduler/strategy-registry.js';
import { present } from '../fleet/connection-schema.js';
import { NAME } from '../fleet/file/fleet.js';
import { hook, processes, processKeys } from './process-and-hook-schemas.js';
import { secrets } from './secrets-schema.js';
import { account, count, duration, env, limits, pathInside, text } from './value-schemas.js';

const nameRule = 'expected a name of lowercase letters, digits and dashes, at most 63';
export const appName = z.string({ error: nameRule }).regex(APP_NAME, nameRule);

const fleetRule = 'expected the name of a fleet: lowercase letters, digits and dashes, at most 63';

const hostsRule = 'expected names, globs or labels of hosts, such as web* or role=web';
const selection = text(hostsRule).regex(/^[^\p{Cc}]{1,1000}$/u, hostsRule);
/** A list means the same as its items with commas between them. */
const hosts = z
  .union([selection, z.array(selection).min(1)], { error: hostsRule })
  .transform((given) => (typeof given === 'string' ? given : given.join(',')));

const scheduleRule = 'expected a mapping with at least namespace';
const strategyRule = `expected a strategy: ${STRATEGIES.slice(0, -1).join(', ')} or ${STRATEGIES.at(-1)}`;
const schedule = z
  .strictObject(
    {
      namespace: text('expected the name of a schedule')
        .regex(/^[^/\p{Cc}]{1,200}$/u, 'expected the name of a schedule, without a slash')
        .describe('The name of the schedule.'),
      'max-count': count(1).optional().describe('On how many hosts at most. Default: all.'),
      strategy: z
        .enum(STRATEGIES, strategyRule)
        .optional()
        .describe('How the hosts are chosen. Default: rr.'),
    },
    { error: scheduleRule },
  )
  .transform(
    ({ namespace, strategy, ...keys }): AppSchedule => ({
      namespace,
      ...present({ maxCount: keys['max-count'], strategy }),
    }),
  );

const batchRule = 'expected a number of hosts from 1, or a part of them such as 25%';
const batch = z.union([count(1, batchRule), z.string().regex(/^([1-9][0-9]?|100)%$/, batchRule)], {
  error: batchRule,
});

const FAILURE_ACTIONS = ['rollback', 'pause', 'continue'] as const;
const rollout = z
  .strictObject(
    {
      batch: batch
        .optional()
        .describe('How many hosts switch at a time: a number, or a part such as 25%. Default: all.'),
      canary: count(1).optional().describe('How many hosts go first, alone. Default: none.'),
      pause: duration.optional().describe('Between the canary and each batch. Default: none.'),
      'max-failures': count(0).optional().describe('How many hosts may fail. Default: 0.'),
      timeout: duration.optional().describe('For the whole rollout. Default: 10m.'),
      'on-failure': z
        .enum(FAILURE_ACTIONS, { error: `expected one of ${FAILURE_ACTIONS.join(', ')}` })
        .optional()
        .describe('What happens when more hosts fail than may, or a canary does. Default: rollback.'),
      confirm: duration
        .optional()
        .describe('Go back by itself unless a person confirms the deploy within this time.'),
    },
    { error: 'expected a mapping with keys such as batch and canary' },
  )
  .transform(
    ({ batch, canary, pause, timeout, confirm, ...keys }): Rollout =>
      present({
        batch,
        canary,
        pauseMs: pause,
        maxFailures: keys['max-failures'],
        timeoutMs: timeout,
        onFailure: keys['on-failure'],
        confirmMs: confirm,
      }),
  );

const hooks = z.strictObject(
  {
    prepare: hook.optional().describe('On each host, before it switches.'),
    once: hook.optional().describe('On one host, before any switches: for migrations.'),
    verify: hook.optional().describe('On each host, after it is healthy.'),
    stop: hook.optional().describe('On each host, before a release is stopped.'),
  },
  { error: 'expected a mapping with prepare, once, verify and stop' },
);

const list = <T extends z.ZodType>(item: T, what: string) =>
  z.array(item, { error: `expected a list of ${what}` });

/** The keys that say what an app is, except its name. Editors show the descriptions. */
export const appKeys = {
  fleet: z
    .string({ error: fleetRule })
    .regex(NAME, fleetRule)
    .optional()
    .describe('The fleet that the app belongs to.'),
  hosts: hosts.optional().describe('The hosts it runs on: names, globs or labels. Default: all.'),
  schedule: schedule
    .optional()
    .describe(
      'The scheduler of the fleet decides on which of these hosts the app runs, and moves it when one is gone.',
    ),
  ...processKeys,
  processes: processes
    .optional()
    .describe('The programs of the app by name; run alone is short for one program.'),
  settle: duration
    .optional()
    .describe('How long the programs must keep running to count as healthy. Default: 5s.'),
  user: account.optional().describe('Whom the programs run as. Default: hawser-app.'),
  group: account.optional().describe('The group of the programs. Default: that of the user.'),
  env: env.optional().describe('Environment variables of all programs.'),
  secrets: secrets
    .optional()
    .describe('What "hawser secret set" stored for the app: names, or for each name env or file.'),
  shared: list(pathInside, 'directories')
    .optional()
    .describe('Directories that all releases share, such as uploads.'),
  exclude: list(text('expected a pattern as in a .gitignore'), 'patterns')
    .optional()
    .describe('Files that are not deployed: patterns as in a .gitignore.'),
  hooks: hooks.optional().describe('Programs to run at certain points of a deploy.'),
  rollout: rollout.optional().describe('In which order the hosts switch, and what happens when some fail.'),
  keep: count(1).optional().describe('How many releases each host keeps. Default: 5.'),
  limits: limits.optional().describe('What the app may use on each host.'),
};

/** The keys that there can be at a place of an app's description; undefined at its top. */
export function knownAppKeysAt(place: readonly PropertyKey[]): readonly string[] | undefined {
  const [key, , inner] = place;
  if (key === 'health' || inner === 'health') return HEALTH_KEYS;
  if (key === 'processes') return [...Object.keys(processKeys), 'env'];
  if (key === 'hooks') return place.length > 1 ? ['run', 'timeout'] : Object.keys(hooks.shape);
  if (key === 'rollout')
    return ['batch', 'canary', 'pause', 'max-failures', 'timeout', 'on-failure', 'confirm'];
  if (key === 'schedule') return ['namespace', 'max-count', 'strategy'];
  if (key === 'secrets' && place.length > 1) return ['as', 'from'];
  if (key === 'limits') return ['memory', 'cpu', 'files'];
  return undefined;
}

const HEALTH_KEYS = ['http', 'tcp', 'exec', 'timeout', 'interval', 'try-timeout', 'successes', 'answered-by'];
