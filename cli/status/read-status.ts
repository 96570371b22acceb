import type { Log } from '../../base/log.js';
import { getConverged } from '../../world/agents/convergence.js';
import { listHosts } from '../../world/agents/fleet-hosts.js';
import { getCertificates, type HostCertificate, isRenewalDue } from '../../world/agents/host-certificates.js';
import type { Agent } from '../../world/agents/registered-agents.js';
import type { KeyValue } from '../../world/client/key-value.js';
import type { Member } from '../../world/client/member-types.js';
import type { ClientWorld } from '../../world/client-world.js';
import type { Report } from '../../world/deploys/report.js';
import { WorldError } from '../../world/errors.js';
import type { FleetIdentity } from '../../world/fleet/identity-codec.js';
import { VOLUNTEER_PREFIX } from '../../world/keys.js';
import { type DeploySummary, summariseDeploy } from '../deploy/summarise-deploy.js';
import { sayOtherVersions } from '../versions/warn-of-other-versions.js';
import { authorityExpires } from './authority-expires.js';

type Role = 'voter' | 'learner' | 'client';

export interface HostStatus {
  readonly hostname: string;
  /** Whether its agent's session is alive. */
  readonly alive: boolean;
  readonly role: Role;
  /** Whether it reports to be converged; null when it reports nothing. */
  readonly converged: boolean | null;
  readonly version?: string;
  /** When it joined the fleet, ISO 8601; absent for a host that does not belong to it. */
  readonly since?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Its report on the newest deploy; absent before the first. */
  readonly deploy?: Pick<Report, 'state' | 'message' | 'current' | 'app'>;
}

export interface FleetStatus {
  /** The identity of the fleet; null if its cluster has none. */
  readonly fleet: FleetIdentity | null;
  readonly hosts: readonly HostStatus[];
  readonly members: readonly Member[];
  /** Null if what is stored is no size. */
  readonly idealClusterSize: number | null;
  /** Whether every live agent is converged. */
  readonly converged: boolean;
  /** For how long, if that was waited for. */
  readonly convergedForMs?: number;
  /** The newest deploy; null before the first. */
  readonly deploy: DeploySummary | null;
  /** Known problems; empty if there are none. */
  readonly problems: readonly Problem[];
}

export interface Problem {
  /**
   * `moved`: the other servers expect a host at an address that it no longer has; `certificate-expires`: the certificate of
   * its server is in the last third of its life; `authority-expires`: that of the authority is, which is no single host's.
   */
  readonly code: 'moved' | 'certificate-expires' | 'authority-expires';
  readonly host: string | null;
  readonly message: string;
}

/** Reads what the World holds of every host, and warns in the log of agents that run another version. */
export async function readStatus(
  world: ClientWorld,
  call: { signal: AbortSignal; timeoutMs: number },
  log: Log,
): Promise<FleetStatus> {
  const [agents, members, idealClusterSize, newest, convergence, known, volunteers, certificates] =
    await Promise.all([
      world.getAgents(call),
      world.members(call),
      world.idealClusterSizeGet(call).catch(warnOfInvalid(log)),
      world.getMaxDeployId(call),
      getConverged(world.client, call),
      listHosts(world.client, undefined, call),
      world.client.list(VOLUNTEER_PREFIX, call),
      getCertificates(world.client, { ...call, log }),
    ]);
  sayOtherVersions(agents, log);
  const { deploy, reports } = await readDeploy(world, newest, agents, call);
  const names = members.map(({ name }) => name);
  // A host that was taken out of the fleet has left reports behind.
  const hostnames = new Set([...agents.keys(), ...names, ...known.keys()]);
  hostnames.delete('');
  const hosts = [...hostnames].sort().map((hostname): HostStatus => {
    const agent = agents.get(hostname);
    const report = reports.get(hostname);
    const { since, labels = agent?.labels } = known.get(hostname) ?? {};
    return {
      hostname,
      alive: agent !== undefined,
      role: roleOf(members.find(({ name }) => name === hostname)),
      converged: convergence.get(hostname) ?? null,
      ...(agent === undefined ? {} : { version: agent.version }),
      ...(since === undefined ? {} : { since }),
      ...(labels === undefined ? {} : { labels }),
      ...(report === undefined ? {} : { deploy: deployOf(report) }),
    };
  });
  const problems = [
    ...movedHosts(members, volunteers.entries),
    ...expiringCertificates(certificates),
    ...expiringAuthority(certificates),
  ];
  const fleet = world.client.fleet ?? null;
  return { fleet, hosts, members, idealClusterSize, converged: areConverged(hosts), deploy, problems };
}

/** Whether there are live agents among these and all have converged. */
export function areConverged(hosts: readonly HostStatus[]): boolean {
  const live = hosts.filter(({ alive }) => alive);
  return live.length > 0 && live.every(({ converged }) => converged === true);
}

async function readDeploy(
  world: ClientWorld,
  newest: number,
  agents: ReadonlyMap<string, Agent>,
  call: { signal: AbortSignal; timeoutMs: number },
): Promise<{ readonly deploy: DeploySummary | null; readonly reports: ReadonlyMap<string, Report> }> {
  if (newest === 0) return { deploy: null, reports: new Map() };
  const reading = world.getReports(newest, call);
  const [deploy, reports] = await Promise.all([
    summariseDeploy(world, newest, agents, call, reading),
    reading,
  ]);
  return { deploy, reports };
}

/** Hosts whose server URLs are not those that etcd knows: they count as voters but cannot be reached. */
function movedHosts(members: readonly Member[], volunteers: readonly KeyValue[]): Problem[] {
  return volunteers.flatMap(({ key, value }) => {
    const host = key.slice(VOLUNTEER_PREFIX.length);
    const known = members.find(({ name }) => name === host)?.peerUrls;
    const urls = value.toString().split(',');
    if (known === undefined || urls.some((url) => known.includes(url))) return [];
    const message = `${host} moved: the other servers expect it at ${known.join(', ')}, but it is at ${urls.join(', ')}. Its agent updates the cluster when it can.`;
    return [{ code: 'moved', host, message }];
  });
}

function expiringCertificates(certificates: ReadonlyMap<string, HostCertificate>): Problem[] {
  return [...certificates].flatMap(([host, life]) => {
    if (!isRenewalDue(life)) return [];
    const message = `The certificate of ${host} expires on ${life.to.slice(0, 10)}: renew it with "hawser up", where that set the host up.`;
    return [{ code: 'certificate-expires', host, message }];
  });
}

/** Said once, of the authority that expires first. */
function expiringAuthority(certificates: ReadonlyMap<string, HostCertificate>): Problem[] {
  const due = [...certificates.values()].flatMap(({ authority }) =>
    authority !== undefined && isRenewalDue(authority) ? [authority.to] : [],
  );
  const [first] = due.sort((a, b) => Date.parse(a) - Date.parse(b));
  if (first === undefined) return [];
  return [{ code: 'authority-expires', host: null, message: authorityExpires(first) }];
}

/** An invalid stored size must not hide the rest of the status. */
function warnOfInvalid(log: Log): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof WorldError) || error.code !== 'invalid') throw error;
    log('warn', error.message);
    return null;
  };
}

function deployOf({ state, message, current, app }: Report): NonNullable<HostStatus['deploy']> {
  return { state, message, current, ...(app === undefined ? {} : { app }) };
}

function roleOf(member: Member | undefined): Role {
  if (member === undefined) return 'client';
  return member.isLearner ? 'learner' : 'voter';
}
