import type { Log } from '../../base/log.js';
import { getConverged } from '../../world/agents/convergence.js';
import { listHosts } from '../../world/agents/fleet-hosts.js';
import { getCertificates, type HostCertificate, isRenewalDue } from '../../world/agents/host-certificates.js';
import type { SelectableHost } from '../../world/agents/host-selection.js';
import type { Agent } from '../../world/agents/registered-agents.js';
import type { KeyValue } from '../../world/client/key-value.js';
import type { Member } from '../../world/client/member-types.js';
import type { ClientWorld } from '../../world/client-world.js';
import type { RunningApps } from '../../world/deploys/running-apps.js';
import { WorldError } from '../../world/errors.js';
import type { FleetIdentity } from '../../world/fleet/identity-codec.js';
import { VOLUNTEER_PREFIX } from '../../world/keys.js';
import { listSecrets } from '../../world/secrets/stored-secrets.js';
import { appOnHost } from '../apps/read-apps.js';
import { type DeploySummary, summariseDeploy } from '../deploy/read-deploys.js';
import { sayOtherVersions } from '../versions/warn-of-other-versions.js';
import { authorityExpires } from './describe-authority-expiry.js';
import { missingSecrets } from './missing-secrets.js';

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
  /** What runs on it, sorted by name. */
  readonly apps: readonly HostApp[];
}

/** An app as it is on a host. */
export interface HostApp {
  readonly app: string;
  /** The deploy that runs. */
  readonly deploy: number;
  /** `unknown` while the host's agent is not running. */
  readonly state: 'well' | 'unwell' | 'unknown';
  /** Since when it has been as it is; for `unknown`, when it was seen last: ISO 8601. */
  readonly since: string;
  /** What is wrong, in words; empty if nothing is. */
  readonly problem: string;
}

export interface FleetStatus {
  /** Whether there is no problem. */
  readonly ok: boolean;
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
   * its server is in the last third of its life; `authority-expires`: that of the authority is, which is no single host's;
   * `agent-gone`: the agent of a host is not running; `app-unwell`: an app does not run as it should; `deploy-paused`: hosts failed,
   * and a person has to decide; `secret-missing`: a host has no key for a secret of an app that it is to run.
   */
  readonly code:
    | 'moved'
    | 'certificate-expires'
    | 'authority-expires'
    | 'agent-gone'
    | 'app-unwell'
    | 'deploy-paused'
    | 'secret-missing';
  readonly host: string | null;
  readonly message: string;
}

/** Reads what the World holds of every host, and warns in the log of agents that run another version. */
export async function readStatus(
  world: ClientWorld,
  call: { signal: AbortSignal; timeoutMs: number },
  log: Log,
): Promise<FleetStatus> {
  const [
    agents,
    members,
    idealClusterSize,
    newest,
    convergence,
    known,
    volunteers,
    certificates,
    running,
    secrets,
  ] = await Promise.all([
    world.getAgents(call),
    world.members(call),
    world.idealClusterSizeGet(call).catch(warnOfInvalid(log)),
    world.getMaxDeployId(call),
    getConverged(world.client, call),
    listHosts(world.client, undefined, call),
    world.client.list(VOLUNTEER_PREFIX, call),
    getCertificates(world.client, { ...call, log }),
    world.getRunning(call),
    listSecrets(world.client, undefined, undefined, call),
  ]);
  sayOtherVersions(agents, log);
  const deploy = newest === 0 ? null : await summariseDeploy(world, newest, call);
  const names = members.map(({ name }) => name);
  // A host that was taken out of the fleet has left reports behind.
  const hostnames = new Set([...agents.keys(), ...names, ...known.keys()]);
  hostnames.delete('');
  const hosts = [...hostnames].sort().map((hostname): HostStatus => {
    const agent = agents.get(hostname);
    const { since, labels = agent?.labels } = known.get(hostname) ?? {};
    return {
      hostname,
      alive: agent !== undefined,
      role: roleOf(members.find(({ name }) => name === hostname)),
      converged: convergence.get(hostname) ?? null,
      ...(agent === undefined ? {} : { version: agent.version }),
      ...(since === undefined ? {} : { since }),
      ...(labels === undefined ? {} : { labels }),
      apps: appsOn(hostname, running.get(hostname), agent),
    };
  });
  const missing = await missingSecrets(world, secrets, hosts.map(selectable), call);
  const problems = [
    ...goneAgents(hosts),
    ...unwellApps(hosts),
    ...(deploy?.verdict === 'paused' ? [pausedDeploy(deploy)] : []),
    ...missing.map((one): Problem => ({ code: 'secret-missing', ...one })),
    ...movedHosts(members, volunteers.entries),
    ...expiringCertificates(certificates),
    ...expiringAuthority(certificates),
  ];
  const fleet = world.client.fleet ?? null;
  const ok = problems.length === 0;
  return { ok, fleet, hosts, members, idealClusterSize, converged: areConverged(hosts), deploy, problems };
}

/** Whether there are live agents among these and all have converged. */
export function areConverged(hosts: readonly HostStatus[]): boolean {
  const live = hosts.filter(({ alive }) => alive);
  return live.length > 0 && live.every(({ converged }) => converged === true);
}

function selectable({ hostname: name, labels = {} }: HostStatus): SelectableHost {
  return { name, labels };
}

function appsOn(hostname: string, running: RunningApps | undefined, agent: Agent | undefined): HostApp[] {
  return Object.entries(running?.apps ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([app, found]) => {
      const { deploy, state, since, problem } = appOnHost(
        hostname,
        found,
        agent === undefined ? running?.at : undefined,
      );
      return { app, deploy, state, since, problem };
    });
}

/** Of hosts that belong to the fleet. */
function goneAgents(hosts: readonly HostStatus[]): Problem[] {
  return hosts.flatMap(({ hostname, alive, since }) => {
    if (alive || since === undefined) return [];
    const message = `The agent of ${hostname} is not running: start it there, or take the host out with "hawser down ${hostname} --gone".`;
    return [{ code: 'agent-gone', host: hostname, message }];
  });
}

function unwellApps(hosts: readonly HostStatus[]): Problem[] {
  return hosts.flatMap(({ hostname, apps }) =>
    apps.flatMap(({ app, deploy, state, since, problem }): Problem[] => {
      if (state !== 'unwell') return [];
      const message = `${app} (deploy ${deploy}) is not well on ${hostname} since ${since.replace('T', ' ').slice(0, 19)} UTC: ${problem}.`;
      return [{ code: 'app-unwell', host: hostname, message }];
    }),
  );
}

function pausedDeploy({ id, app }: DeploySummary): Problem {
  const message = `Deploy ${id} of ${app} is paused: go on with "hawser deploys resume ${id}", or take it back with "hawser deploys abort ${id}".`;
  return { code: 'deploy-paused', host: null, message };
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

function roleOf(member: Member | undefined): Role {
  if (member === undefined) return 'client';
  return member.isLearner ? 'learner' : 'voter';
}
