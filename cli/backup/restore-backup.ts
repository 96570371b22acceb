import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { verifySnapshot } from '../../world/client/snapshot/verify-snapshot.js';
import { WorldError } from '../../world/errors.js';
import type { ReachedHosts } from '../agent-access/reached-hosts.js';
import { CliError } from '../errors.js';
import { localPathError } from '../fs/explain-path-errors.js';
import { type Recovery, sendOthers } from '../recover/carry-out-recovery.js';
import type { HostReport } from '../recover/plan-recovery.js';

/** A line that sends less is of no use; a person may interrupt it before. */
const SLOWEST_BYTES_PER_MS = 50;

/** How a backup becomes the fleet's data again. */
export interface RestorePlan {
  readonly file: string;
  readonly sizeBytes: number;
  /** The host that starts a cluster of one from it. */
  readonly base: string;
  /** The hosts that set their data aside and join it. */
  readonly rejoin: readonly string[];
  /** The hosts that cannot be told: they join when they meet the fleet's new generation. */
  readonly later: readonly string[];
}

/**
 * Reads the whole file once, so that nothing is touched for a damaged one.
 *
 * @param wanted the host to restore on; default the first that answers.
 * @throws CliError `usage` for a file that is no backup; `unreachable`, `impossible` where no agent answers.
 */
export async function planRestore(
  file: string,
  reports: readonly HostReport[],
  wanted?: string,
): Promise<RestorePlan> {
  const sizeBytes = await checkBackup(file);
  const answering = reports.filter(({ agent }) => agent !== undefined).map(({ host }) => host);
  const base = wanted ?? answering[0];
  if (base === undefined || !answering.includes(base)) {
    const named = wanted === undefined ? undefined : reports.find(({ host }) => host === wanted);
    const why =
      wanted === undefined
        ? 'no agent answers on any of the hosts: start them first'
        : (named?.trouble?.message.replace(/\.$/, '') ?? `${wanted} is not one of the hosts`);
    throw new CliError('impossible', `Cannot restore ${file}: ${why}.`);
  }
  return {
    ...{ file, sizeBytes, base },
    rejoin: answering.filter((host) => host !== base),
    later: reports.filter(({ agent }) => agent === undefined).map(({ host }) => host),
  };
}

async function checkBackup(file: string): Promise<number> {
  try {
    // A snapshot is read whole before anything is changed: its checksum is at its end.
    for await (const _ of verifySnapshot(createReadStream(file)));
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof WorldError) {
      const message = `${file} is not a whole backup of hawser or snapshot of etcd: its checksum is wrong.`;
      throw new CliError('usage', message, { cause: error });
    }
    throw localPathError(error) ?? error;
  }
}

/**
 * Carries it out: the base starts a cluster of one, then the others join it.
 *
 * @returns the client URLs of the cluster, as its hosts see them.
 * @throws ControlError of the base, where nothing was changed then; CliError `incomplete`
 */
export async function restoreBackup(
  plan: RestorePlan,
  hosts: ReachedHosts,
  recovery: Recovery,
): Promise<readonly string[]> {
  const { onStep, stepTimeoutMs, signal } = recovery;
  const limits = { timeoutMs: stepTimeoutMs, signal };
  const longer = { timeoutMs: stepTimeoutMs + Math.ceil(plan.sizeBytes / SLOWEST_BYTES_PER_MS), signal };
  onStep(`${plan.base}: restoring ${plan.file}`);
  await hosts.host(plan.base).agent.restore(createReadStream(plan.file), longer);
  return sendOthers(plan, hosts, recovery, (agent, seeds) => agent.leaveFor(seeds, limits));
}
