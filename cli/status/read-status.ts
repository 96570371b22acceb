import type { Log } from '../../base/log.js';
import { getConverged } from '../../world/agents/convergence.js';
import { listHosts } from '../../world/agents/fleet-hosts.js';
import { getCertificates } from '../../world/agents/host-certificates.js';
import { getHealth } from '../../world/agents/host-health.js';
import type { SelectableHost } from '../../world/agents/host-selection.js';
import type { Member } from '../../world/client/member-types.js';
import type { ClientWorld } from '../../world/client-world.js';
import { WorldError } from '../../world/errors.js';
import { VOLUNTEER_PREFIX } from '../../world/keys.js';
import { listSecrets } from '../../world/secrets/stored-secrets.js';
import { readScheduledApps } from '../apps/read-schedules.js';
import { summariseDeploy } from '../deploy/read-deploys.js';
import { sayOtherVersions } from '../versions/warn-of-other-versions.js';
import { describeHosts } from './describe-hosts.js';
import { findProblems } from './find-problems.js';
import type { ClusterStatus, FleetStatus, HostStatus } from './fleet-status.js';
import { missingSecrets } from './missing-secrets.js';

/** Reads what the World holds of every host, and warns in the log of agents that run another version. */
export async function readStatus(
  world: ClientWorld,
  call: { signal: AbortSignal; timeoutMs: number },
  log: Log,
): Promise<FleetStatus> {
  // All at once: a fleet of many hosts takes as many round trips as one of few.
  const { client } = world;
  const [
    cluster,
    agents,
    known,
    convergence,
    running,
    health,
    certificates,
    volunteers,
    sizes,
    newest,
    secrets,
    schedules,
  ] = await Promise.all([
    readCluster(world, call),
    world.getAgents(call),
    listHosts(client, undefined, call),
    getConverged(client, call),
    world.getRunning(call),
    getHealth(client, { ...call, log }),
    getCertificates(client, { ...call, log }),
    client.list(VOLUNTEER_PREFIX, call),
    world.idealClusterSizeGet(call).catch(warnOfInvalid(log)),
    world.getMaxDeployId(call),
    listSecrets(client, undefined, undefined, call),
    readScheduledApps(world, world.getApps(call), call),
  ]);
  const { members, ...rest } = cluster;
  sayOtherVersions(agents, log);
  const deploy = newest === 0 ? null : await summariseDeploy(world, newest, call);
  const hosts = describeHosts({ agents, known, members, convergence, running, health });
  const missing = await missingSecrets(world, secrets, hosts.map(selectable), call);
  const seen = {
    hosts,
    members,
    cluster: rest,
    deploy,
    volunteers: volunteers.entries,
    certificates,
    missing,
    schedules,
  };
  const problems = findProblems(seen);
  return {
    ok: problems.length === 0,
    fleet: client.fleet ?? null,
    ...{ hosts, members, cluster: rest, idealClusterSize: sizes },
    ...{ converged: areConverged(hosts), deploy, problems },
  };
}

/** The cluster as the member in use has it, and its alarms. */
export async function readCluster(
  { client: { cluster } }: ClientWorld,
  call: { signal: AbortSignal; timeoutMs: number },
): Promise<ClusterStatus & { readonly members: readonly Member[] }> {
  const [members, status, alarms] = await Promise.all([
    cluster.members(call),
    cluster.status(undefined, call),
    // Of an etcd with users, only root may ask for them.
    cluster.alarms(call).catch((error: unknown) => {
      if (error instanceof WorldError && error.code === 'permission-denied') return [];
      throw error;
    }),
  ]);
  const nameOf = (id: string): string => members.find((member) => member.id === id)?.name || id;
  const raised = alarms.flatMap(({ memberId, kind }) =>
    kind === 'None' ? [] : [{ member: nameOf(memberId), kind }],
  );
  const { leader, dbSizeBytes, dbSizeInUseBytes } = status;
  return {
    members,
    leader: leader === '0' ? null : nameOf(leader),
    dbSizeBytes,
    dbSizeInUseBytes,
    alarms: raised,
  };
}

/** Whether there are live agents among these and all have converged. */
export function areConverged(hosts: readonly HostStatus[]): boolean {
  const live = hosts.filter(({ alive }) => alive);
  return live.length > 0 && live.every(({ converged }) => converged === true);
}

function selectable({ hostname: name, labels = {} }: HostStatus): SelectableHost {
  return { name, labels };
}

/** An invalid stored size must not hide the rest of the status. */
function warnOfInvalid(log: Log): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof WorldError) || error.code !== 'invalid') throw error;
    log('warn', error.message);
    return null;
  };
}
