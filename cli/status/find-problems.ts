import { type HostCertificate, isRenewalDue } from '../../world/agents/host-certificates.js';
import { CLOCK_LIMIT_MS, diskTrouble } from '../../world/agents/host-health.js';
import type { KeyValue } from '../../world/client/key-value.js';
import type { Member } from '../../world/client/member-types.js';
import { VOLUNTEER_PREFIX } from '../../world/keys.js';
import type { ScheduledApp } from '../apps/read-schedules.js';
import type { DeploySummary } from '../deploy/read-deploys.js';
import { formatBytes, listed } from '../output/format-quantities.js';
import { authorityExpires } from './describe-authority-expiry.js';
import { findUnmetSchedules } from './find-unmet-schedules.js';
import {
  type ClusterStatus,
  type FleetStatus,
  type HostStatus,
  PROBLEM_CODES,
  type Problem,
} from './fleet-status.js';
import type { MissingSecrets } from './missing-secrets.js';

/** What is looked through. */
export interface SeenFleet extends Pick<FleetStatus, 'hosts' | 'members' | 'cluster'> {
  /** The newest. */
  readonly deploy: Pick<DeploySummary, 'id' | 'app' | 'verdict'> | null;
  readonly volunteers: readonly KeyValue[];
  readonly certificates: ReadonlyMap<string, HostCertificate>;
  /** Hosts that cannot read secrets of their apps. */
  readonly missing: readonly MissingSecrets[];
  readonly schedules: ReadonlyMap<string, ScheduledApp>;
}

/** Everything that a person should know of, the most serious first, each with what to do. */
export function findProblems(seen: SeenFleet): Problem[] {
  const { hosts, members, cluster, deploy, volunteers, certificates, missing, schedules } = seen;
  const problems = [
    ...alarms(cluster),
    ...fewMembers(hosts, members),
    ...fullDisks(hosts),
    ...goneAgents(hosts),
    ...unwellApps(hosts),
    ...(deploy?.verdict === 'paused' ? [pausedDeploy(deploy)] : []),
    ...findUnmetSchedules(schedules, hosts),
    ...missing.map((one): Problem => ({ code: 'secret-missing', ...one })),
    ...movedHosts(members, volunteers),
    ...wrongClocks(hosts),
    ...expiringCertificates(certificates),
    ...expiringAuthority(certificates),
  ];
  return problems.toSorted((a, b) => PROBLEM_CODES.indexOf(a.code) - PROBLEM_CODES.indexOf(b.code));
}

function alarms({ alarms: raised, leader }: ClusterStatus): Problem[] {
  const membersWith = (wanted: string) =>
    raised.filter(({ kind }) => kind === wanted).map(({ member }) => member);
  const [full, corrupt] = [membersWith('Nospace'), membersWith('Corrupt')];
  const found: Problem[] = [];
  if (full.length > 0) {
    const message = `The etcd database of ${listed(full)} has reached its quota, so nothing can be written: make room in it with "hawser members defrag".`;
    found.push({ code: 'alarm-nospace', host: null, message });
  }
  for (const host of corrupt) {
    const message = `The etcd data of ${host} differs from that of the others: set it up again with "hawser down ${host}" and "hawser up".`;
    found.push({ code: 'alarm-corrupt', host, message });
  }
  if (leader === null) {
    const message =
      'The etcd cluster has no leader at the moment: look again in a few seconds; if it stays so, "hawser doctor" says why.';
    found.push({ code: 'no-leader', host: null, message });
  }
  return found;
}

/** Of members whose hosts are gone: the cluster still has its majority, but may not lose one more. */
function fewMembers(hosts: readonly HostStatus[], members: readonly Member[]): Problem[] {
  const voters = members.filter(({ isLearner }) => !isLearner);
  const isAlive = (member: Member) => hosts.some(({ hostname, alive }) => alive && hostname === member.name);
  const gone = voters.filter((member) => !isAlive(member) && member.name !== '');
  const most = Math.floor(voters.length / 2) + 1;
  // A cluster whose members are not of our agents has none that could be alive.
  if (gone.length === 0 || gone.length === voters.length || voters.length - gone.length > most) return [];
  const names = listed(gone.map(({ name }) => name));
  const message = `Only ${voters.length - gone.length} of ${voters.length} members of the etcd cluster run: one more loss stops the fleet. Bring ${names} back ("hawser doctor ${gone[0]?.name}" says what is wrong), or, if gone for good, run "hawser down ${gone[0]?.name} --gone".`;
  return [{ code: 'few-members', host: gone[0]?.name ?? null, message }];
}

function fullDisks(hosts: readonly HostStatus[]): Problem[] {
  return hosts.flatMap(({ hostname, disk }): Problem[] => {
    const trouble = disk && diskTrouble(disk);
    if (disk === undefined || trouble === undefined) return [];
    const is = trouble === 'full' ? 'is full' : 'is nearly full';
    const message = `The disk of ${hostname} ${is} (${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)} free): make room there; "hawser doctor ${hostname}" says where.`;
    return [{ code: trouble === 'full' ? 'disk-full' : 'disk-low', host: hostname, message }];
  });
}

function wrongClocks(hosts: readonly HostStatus[]): Problem[] {
  return hosts.flatMap(({ hostname, clockAheadMs = 0 }): Problem[] => {
    if (Math.abs(clockAheadMs) <= CLOCK_LIMIT_MS) return [];
    const seconds = Math.round(Math.abs(clockAheadMs) / 1_000);
    const side = clockAheadMs > 0 ? 'ahead of' : 'behind';
    const message = `The clock of ${hostname} is ${seconds} s ${side} most others': set it there, for example with "timedatectl set-ntp true".`;
    return [{ code: 'clock', host: hostname, message }];
  });
}

/** Of hosts that belong to the fleet. */
function goneAgents(hosts: readonly HostStatus[]): Problem[] {
  return hosts.flatMap(({ hostname, alive, since }) => {
    if (alive || since === undefined) return [];
    const message = `The agent of ${hostname} is not running: find out why with "hawser doctor ${hostname}"; if the host is gone for good, take it out with "hawser down ${hostname} --gone".`;
    return [{ code: 'agent-gone', host: hostname, message }];
  });
}

function unwellApps(hosts: readonly HostStatus[]): Problem[] {
  return hosts.flatMap(({ hostname, apps }) =>
    apps.flatMap(({ app, deploy, state, since, problem }): Problem[] => {
      if (state !== 'unwell') return [];
      const message = `${app} (deploy ${deploy}) is not well on ${hostname} since ${since.replace('T', ' ').slice(0, 19)} UTC: ${problem}.`;
      return [{ code: 'app-unwell', host: hostname, app, message }];
    }),
  );
}

function pausedDeploy({ id, app }: Pick<DeploySummary, 'id' | 'app'>): Problem {
  const message = `Deploy ${id} of ${app} is paused: go on with "hawser deploys resume ${id}", or take it back with "hawser deploys abort ${id}".`;
  return { code: 'deploy-paused', host: null, app, message };
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
