import type { Agent } from '../../world/agents/registered-agents.js';
import { emptyIfNoText } from '../../world/client/stored/read-text.js';
import type { ClientWorld } from '../../world/client-world.js';
import { parseDeployment } from '../../world/deploys/deploy-payload.js';
import { deployVerdict } from '../../world/deploys/deploy-verdict.js';
import type { Report } from '../../world/deploys/report.js';

/** One deploy as `deploys list` and `status` show it. */
export interface DeploySummary {
  readonly id: number;
  /** Empty for a deploy by another program, as are `message` and `author`. */
  readonly name: string;
  readonly message: string;
  readonly author: string;
  /** ISO 8601; empty where unknown. */
  readonly createdAt: string;
  /** The git commit; empty for one made without git. */
  readonly hash: string;
  /** What it runs: `hawser fs ls --fs deploy/TREE` lists it. Empty where unknown. */
  readonly tree: string;
  readonly verdict: 'pending' | 'healthy' | 'failed' | 'unknown';
}

/**
 * Reads one deploy.
 * @param reading the reports on it, for whoever needs them besides
 */
export async function summariseDeploy(
  world: ClientWorld,
  id: number,
  agents: ReadonlyMap<string, Agent>,
  call: { signal: AbortSignal; timeoutMs: number },
  reading: Promise<ReadonlyMap<string, Report>> = world.getReports(id, call),
): Promise<DeploySummary> {
  const [payload, hash, reports] = await Promise.all([
    world.getDeploy(id, call).catch(emptyIfNoText),
    world.getDeployHash(id, call).catch(emptyIfNoText),
    reading,
  ]);
  const deployment = parseDeployment(payload);
  if (deployment === undefined) {
    return { id, name: '', message: '', author: '', createdAt: '', hash, tree: '', verdict: 'unknown' };
  }
  const { name, message, author, createdAt, tree, hosts } = deployment;
  const { verdict } = deployVerdict({ hosts, reports, agents: new Set(agents.keys()) });
  return { id, name, message, author, createdAt, hash, tree, verdict };
}
