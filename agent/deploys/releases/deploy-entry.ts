import { createHash } from 'node:crypto';
import { type Deployment, parseDeployment } from '../../../world/internal.js';
import type { SealedSecrets } from '../secrets/fetch-secrets.js';

/** A deploy from the log; its digest distinguishes it from a deploy with the same number in another fleet's log. */
export interface DeployEntry {
  readonly id: number;
  readonly payload: string;
  readonly digest: string;
  readonly deployment: Deployment;
}

/** A deploy that is unpacked on this host, in `releases/<name>`. */
export interface Release extends DeployEntry {
  readonly name: string;
  /** The uuid of the fleet whose log it came from; undefined for a cluster without a name. */
  readonly fleet: string | undefined;
  /** The name of the release that was healthy here before it; undefined if none was. */
  readonly before: string | undefined;
  /** The secrets that it was fetched with, which it keeps. */
  readonly secrets?: SealedSecrets | undefined;
}

/** Parses a deploy's payload; undefined if hawser did not create it. */
export function entryOf(id: number, payload: string): DeployEntry | undefined {
  const deployment = parseDeployment(payload);
  if (deployment === undefined) return undefined;
  return { id, payload, deployment, digest: createHash('sha256').update(payload).digest('hex') };
}

export function isSameDeploy(
  a: Pick<DeployEntry, 'id' | 'digest'> | undefined,
  b: Pick<DeployEntry, 'id' | 'digest'>,
): boolean {
  return a?.id === b.id && a.digest === b.digest;
}
