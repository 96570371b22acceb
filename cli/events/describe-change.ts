import type { ZodType } from 'zod';
import { hostSchema } from '../../world/agents/fleet-hosts.js';
import { agentSchema } from '../../world/agents/registered-agents.js';
import { parseJson } from '../../world/client/stored/read-json.js';
import { parseDeployKey } from '../../world/deploys/deploy-keys.js';
import { type Deployment, parseDeployment } from '../../world/deploys/deploy-payload.js';
import {
  idOfRollout,
  type RolloutRecord,
  rolloutSchema,
} from '../../world/deploys/rollout/rollout-record.js';
import { runningSchema } from '../../world/deploys/running-apps.js';
import type { StoredChange } from '../../world/history/read-history.js';
import {
  AGENTS_PREFIX,
  DEPLOY_PREFIX,
  HOSTS_PREFIX,
  ROLLOUTS_PREFIX,
  RUNNING_PREFIX,
} from '../../world/keys.js';
import { isHostname } from '../../world/validate-names.js';
import { type AppOnHost, appOnHost } from '../apps/read-apps.js';
import type { Happening } from './fleet-event.js';

/** A value before and after a change, as it is meant; undefined where there is none, or another program's. */
interface Parsed<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** What a changed key says to people; nothing for most keys. */
export function describeChange(change: StoredChange): Happening[] {
  const { key } = change;
  if (key.startsWith(AGENTS_PREFIX)) return ofHost(change, AGENTS_PREFIX, agentSchema, describeAgent);
  if (key.startsWith(HOSTS_PREFIX)) return ofHost(change, HOSTS_PREFIX, hostSchema, describeMembership);
  if (key.startsWith(RUNNING_PREFIX)) return ofHost(change, RUNNING_PREFIX, runningSchema, describeApps);
  if (key.startsWith(ROLLOUTS_PREFIX)) return describeRollout(change);
  if (key.startsWith(DEPLOY_PREFIX)) return describeEntry(change);
  return [];
}

function ofHost<T>(
  { key, before, after }: StoredChange,
  prefix: string,
  schema: ZodType<T>,
  describe: (host: string, parsed: Parsed<T>) => Happening[],
): Happening[] {
  const host = key.slice(prefix.length);
  if (!isHostname(host)) return [];
  return describe(host, { before: parse(schema, before), after: parse(schema, after) });
}

function parse<T>(schema: ZodType<T>, value: Buffer | undefined): T | undefined {
  return value === undefined ? undefined : schema.safeParse(parseJson(value.toString())).data;
}

type Agent = { readonly version: string; readonly startedAt: string };

function describeAgent(host: string, { before, after }: Parsed<Agent>): Happening[] {
  if (after === undefined) {
    const message = `The agent of ${host} is gone.`;
    return before === undefined ? [] : [{ type: 'host-gone', host, message }];
  }
  if (before?.startedAt === after.startedAt) return [];
  const { version } = after;
  const again = before === undefined ? 'runs' : 'was started again';
  return [{ type: 'host-alive', host, version, message: `The agent of ${host} ${again} (${version}).` }];
}

type Known = { readonly labels?: Readonly<Record<string, string>> | undefined };

function describeMembership(host: string, { before, after }: Parsed<Known>): Happening[] {
  if ((before === undefined) === (after === undefined)) return [];
  if (after === undefined) return [{ type: 'host-left', host, message: `${host} has left the fleet.` }];
  const { labels } = after;
  const message = `${host} has joined the fleet.`;
  return [{ type: 'host-joined', host, ...(labels === undefined ? {} : { labels: { ...labels } }), message }];
}

type Apps = { readonly apps: Readonly<Record<string, Parameters<typeof appOnHost>[1]>> };

function describeApps(host: string, { before, after }: Parsed<Apps>): Happening[] {
  const names = new Set([...Object.keys(before?.apps ?? {}), ...Object.keys(after?.apps ?? {})]);
  const stateIn = (running: Apps | undefined, app: string): AppOnHost | undefined => {
    const found = running !== undefined && Object.hasOwn(running.apps, app) ? running.apps[app] : undefined;
    return found && appOnHost(host, found);
  };
  return [...names]
    .sort()
    .flatMap((app) => describeApp(app, host, stateIn(before, app), stateIn(after, app)));
}

function describeApp(
  app: string,
  host: string,
  before: AppOnHost | undefined,
  after: AppOnHost | undefined,
): Happening[] {
  if (after === undefined) {
    if (before === undefined) return [];
    const message = `${app} does not run on ${host} any more.`;
    return [{ type: 'app-state', host, app, deploy: before.deploy, state: 'removed', message }];
  }
  const { deploy, state, problem } = after;
  if (state === 'unknown' || (before?.deploy === deploy && before.state === state)) return [];
  const what = `${app} (deploy ${deploy})`;
  const message =
    state === 'well' ? `${what} is well on ${host}.` : `${what} is not well on ${host}: ${problem}.`;
  return [{ type: 'app-state', host, app, deploy, state, message }];
}

function describeRollout({ key, ...values }: StoredChange): Happening[] {
  const id = idOfRollout(key);
  const [before, after] = [parse(rolloutSchema, values.before), parse(rolloutSchema, values.after)];
  if (id === undefined || after === undefined) return [];
  return [...describePhase(id, before, after), ...describeVerdict(id, before, after)];
}

function describePhase(
  id: number,
  before: RolloutRecord | undefined,
  { app, phase, reason, by }: RolloutRecord,
): Happening[] {
  // That it begins says the log; that it waits or has ended, the verdict.
  const isNews = phase === 'going-back' || (phase === 'running' && before !== undefined);
  if (!isNews || before?.phase === phase) return [];
  const what = phase === 'going-back' ? 'is taken back' : 'goes on';
  const message = `Deploy ${id} of ${app} ${what}.${sentence(reason)}`;
  return [{ type: 'deploy-phase', deploy: id, app, phase, ...(by === undefined ? {} : { by }), message }];
}

function describeVerdict(
  id: number,
  before: RolloutRecord | undefined,
  { app, verdict, message: ofVerdict, reason }: RolloutRecord,
): Happening[] {
  if (verdict === undefined || before?.verdict === verdict) return [];
  const message = `Deploy ${id} of ${app} is ${verdict}.${sentence(ofVerdict ?? reason)}`;
  return [{ type: 'deploy-verdict', deploy: id, app, verdict, message }];
}

function sentence(text = ''): string {
  return text === '' ? '' : ` ${text}`;
}

function describeEntry({ key, before, after }: StoredChange): Happening[] {
  const place = parseDeployKey(key);
  if (place?.part !== 'payload' || before !== undefined || after === undefined) return [];
  const deployment = parseDeployment(after.toString());
  if (deployment !== undefined) return [describeDeployment(place.id, deployment)];
  const message = `Deploy ${place.id} was recorded by another program.`;
  return [{ type: 'deploy-recorded', deploy: place.id, app: '', action: 'unknown', message }];
}

function describeDeployment(deploy: number, deployment: Deployment): Happening {
  const { name: app, message, origin, action, rollbackOf, noop } = deployment;
  const by = origin === undefined ? {} : { by: `${origin.user}@${origin.machine}` };
  return {
    type: 'deploy-recorded',
    ...{ deploy, app, action: action ?? (rollbackOf === undefined ? 'deploy' : 'rollback') },
    ...{ ...by, ...(noop ? { noop } : {}) },
    message: `Deploy ${deploy} of ${app} was recorded${message === '' ? '.' : `: ${message}`}`,
  };
}
