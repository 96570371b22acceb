import { emptyIfNoText } from '../../world/client/stored/read-text.js';
import type { ClientWorld } from '../../world/client-world.js';
import { type Deployment, type DeployOrigin, parseDeployment } from '../../world/deploys/deploy-payload.js';
import type { RolloutRecord, Verdict } from '../../world/deploys/rollout/rollout-record.js';
import { WorldError } from '../../world/errors.js';
import { CliError } from '../errors.js';

/** One deploy as `deploys list` and `status` show it. */
export interface DeploySummary {
  readonly id: number;
  /** Empty for a deploy by another program, as are `message` and `author`. */
  readonly app: string;
  readonly message: string;
  readonly author: string;
  /** Who made it, and from where, as far as is known. */
  readonly origin: DeployOrigin | null;
  /** What the hosts do: `deploy`, `restart`, `remove` or `rollback`; empty where unknown. */
  readonly action: string;
  /** ISO 8601; empty where unknown. */
  readonly createdAt: string;
  /** The git commit; empty for one made without git. */
  readonly hash: string;
  /** What it runs: `hawser fs ls --fs deploy/TREE` lists it. Empty where unknown. */
  readonly tree: string;
  /** `running` until the hosts have decided. */
  readonly verdict: Verdict | 'running' | 'unknown';
}

const UNKNOWN = {
  ...{ app: '', message: '', author: '', origin: null, action: '', createdAt: '', tree: '' },
  verdict: 'unknown',
} as const;

/** What an entry of the log does, in a word. */
function actionOf({ action, rollbackOf }: Deployment): string {
  return action ?? (rollbackOf === undefined ? 'deploy' : 'rollback');
}

/** How commands read. */
export interface ReadCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A deploy of hawser, as the log has it. */
export interface LoggedDeployment {
  readonly id: number;
  readonly deployment: Deployment;
  readonly hash: string;
  readonly record: RolloutRecord | undefined;
}

/** The whole log, newest first. */
export async function listDeploys(world: ClientWorld, call: ReadCall): Promise<DeploySummary[]> {
  const ids = [...(await world.getDeploys(call)).keys()].sort((a, b) => b - a);
  return Promise.all(ids.map((id) => summariseDeploy(world, id, call)));
}

/** Reads one deploy for a list. */
export async function summariseDeploy(
  world: ClientWorld,
  id: number,
  call: ReadCall,
): Promise<DeploySummary> {
  const [payload, hash, record] = await Promise.all([
    world.getDeploy(id, call).catch(emptyIfNoText),
    world.getDeployHash(id, call).catch(emptyIfNoText),
    world.getRollout(id, call),
  ]);
  const deployment = parseDeployment(payload);
  if (deployment === undefined) return { ...UNKNOWN, id, hash };
  const { name: app, message, author, origin = null, createdAt, tree } = deployment;
  return {
    ...{ id, app, message, author, origin, action: actionOf(deployment), createdAt, hash, tree },
    verdict: record?.verdict ?? 'running',
  };
}

/** @throws CliError `usage` for an id that the log does not have, or that another program made */
export async function readDeployment(
  world: ClientWorld,
  id: number,
  call: ReadCall,
): Promise<LoggedDeployment> {
  const [payload, hash, record] = await Promise.all([
    world.getDeploy(id, call).catch((error: unknown) => {
      if (!(error instanceof WorldError) || error.code !== 'not-found') return emptyIfNoText(error);
      throw new CliError(
        'usage',
        `There is no deploy ${id}: "hawser deploys list" shows those that there are.`,
      );
    }),
    world.getDeployHash(id, call).catch(emptyIfNoText),
    world.getRollout(id, call),
  ]);
  const deployment = parseDeployment(payload);
  if (deployment !== undefined) return { id, deployment, hash, record };
  throw new CliError('usage', `Deploy ${id} was not made by this release of hawser, which cannot read it.`);
}

/** So many entries of the log are asked for before one is known to be needed. */
const AHEAD = 4;

/**
 * Reads deploys one after the other, the newest first. Over a long link the round trips take longest, so those that the log has
 * just before are asked for at the same time.
 */
export function readDeploymentsAhead(
  world: ClientWorld,
  call: ReadCall,
): (id: number) => Promise<LoggedDeployment> {
  const asked = new Map<number, Promise<LoggedDeployment>>();
  const ask = (id: number): Promise<LoggedDeployment> => {
    const found = asked.get(id) ?? readDeployment(world, id, call);
    found.catch(() => undefined); // whoever needs it gets it
    asked.set(id, found);
    return found;
  };
  return (id) => {
    const wanted = ask(id);
    for (let before = id - 1; before > Math.max(0, id - 1 - AHEAD); before -= 1) void ask(before);
    return wanted;
  };
}
