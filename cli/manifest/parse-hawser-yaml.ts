import { z } from 'zod';
import { DEFAULT_SETTLE_MS, type Manifest, ONLY_PROCESS } from '../../world/deploys/manifest.js';
import {
  type ConnectionConfig,
  connectionKeys,
  present,
  toConnectionConfig,
} from '../fleet/connection-schema.js';
import { describeYamlProblems } from '../fleet/describe-yaml-problems.js';
import type { YamlText } from '../fleet/yaml-document.js';
import { appKeys, appName, knownAppKeysAt } from './app-schema.js';
import { toProcess } from './process-and-hook-schemas.js';

/** The keys that say what an app is; every other one says how a fleet is reached. */
export const APP_KEYS: readonly string[] = ['name', ...Object.keys(appKeys)];

const whole = { error: 'expected a mapping of keys to values' };
const allKeys = z.strictObject({ name: appName, ...appKeys, ...connectionKeys }, whole);
const manifestSchema = allKeys.superRefine(checkTogether);
const configSchema = allKeys.partial({ name: true }).superRefine(checkTogether);

/** Keys of one process, which stand beside the app's name only where `run` does. */
const OF_ONE_PROCESS = ['run', 'listen', 'switch', 'stop-grace', 'health'] as const;

/** What no key can tell of itself. */
function checkTogether(keys: Omit<z.output<typeof allKeys>, 'name'>, context: z.RefinementCtx): void {
  const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
  for (const key of OF_ONE_PROCESS) {
    if (keys[key] === undefined) continue;
    if (keys.processes !== undefined)
      refuse(key, 'expected no such key beside processes: each of them has its own');
    else if (keys.run === undefined && key !== 'health')
      refuse(key, 'expected run beside it: without one, the files are all there is');
  }
  for (const [name, { as }] of Object.entries(keys.secrets ?? {}))
    if (as !== 'file' && hasVariable(keys, name))
      refuse('secrets', `expected another name than ${name}, which is in env too`);
}

function hasVariable(
  { env, processes = {} }: Pick<z.output<typeof allKeys>, 'env' | 'processes'>,
  name: string,
): boolean {
  return [env, ...Object.values(processes).map((one) => one.env)].some(
    (variables) => variables !== undefined && Object.hasOwn(variables, name),
  );
}

/** Reads the app part of a `hawser.yaml` that was parsed already; the connection part is checked and left out. */
export function parseManifest(
  value: unknown,
  placeOf?: YamlText['placeOf'],
): { manifest: Manifest } | { problems: string[] } {
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) return { problems: describeYamlProblems(parsed.error, value, knownKeysAt, placeOf) };
  return { manifest: toManifest(parsed.data) };
}

/** Reads the connection part; the app part is checked too, but nothing of it is needed. */
export function parseConfig(
  value: unknown,
  placeOf?: YamlText['placeOf'],
): { config: ConnectionConfig } | { problems: string[] } {
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) return { problems: describeYamlProblems(parsed.error, value, knownKeysAt, placeOf) };
  const { fleet } = parsed.data;
  return { config: { ...(fleet === undefined ? {} : { fleet }), ...toConnectionConfig(parsed.data) } };
}

function toManifest(keys: z.output<typeof manifestSchema>): Manifest {
  const { name, hosts, schedule, user, group, env, secrets, exclude, shared, rollout, keep, limits } = keys;
  const only = toProcess({ ...keys, env: undefined });
  const processes = only === undefined ? keys.processes : { [ONLY_PROCESS]: only };
  const settleMs = keys.settle === DEFAULT_SETTLE_MS ? undefined : keys.settle;
  return {
    name,
    ...present({ hosts, schedule, user, group, processes, env, secrets, exclude, shared }),
    ...present({ hooks: keys.hooks && present(keys.hooks), settleMs, rollout, keep, limits }),
    ...present({ health: processes === undefined ? keys.health : undefined }),
  };
}

function knownKeysAt(place: readonly PropertyKey[]): readonly string[] {
  if (place[0] === 'tls') return ['cacert', 'cert', 'key'];
  return knownAppKeysAt(place) ?? Object.keys(allKeys.shape);
}
