import { CliError } from '../../errors.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import { isExpired, isIssuedFor, needsRenewal } from '../certificates/issue-certificate.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { SudoMode } from '../host/host-shell.js';
import { isNewEnough } from '../programs/install-etcd.js';
import { releaseOf } from '../programs/local-program.js';
import { uuidOf } from '../record/install-record.js';

/** A host that was looked at and has no problem. */
export interface LookedAtHost {
  readonly host: FleetHost & { readonly address: string };
  readonly facts: HostFacts;
  readonly user: string;
  readonly sudo: SudoMode;
}

/** What the fleet and this laptop bring. */
export interface PlanContext {
  readonly fleet: { readonly name: string; readonly id: string; readonly authority: string | undefined };
  readonly bundle: { readonly sha256: string; readonly version: string; readonly sizeBytes: number };
  readonly useHostNode: boolean;
  /** Whether `--etcd` names the one that hosts without etcd get. */
  readonly hasEtcdFile: boolean;
  /** Whether this laptop can issue certificates: it has the key of the authority, or makes one. */
  readonly canIssue: boolean;
}

/**
 * Where a host stands in the fleet: set up at this address, in the cluster but not yet set up in full or at another address,
 * or new.
 */
export type Standing = 'settled' | 'member' | 'new';

/** What is to be done on one host. */
export interface HostPlan extends LookedAtHost {
  /** Install etcd with this package manager, if it has one that is new enough; else send it. */
  readonly installEtcd: HostFacts['packageManager'];
  /** Send etcd in any case. */
  readonly sendsEtcd: boolean;
  /** The bundle to run, and whether it is this laptop's. A host that runs an agent keeps what it has: `upgrade` changes that. */
  readonly release: string;
  readonly sendsPrograms: boolean;
  readonly certificate: 'new' | 'renew' | 'keep';
  /** Whom to put into the group `hawser`. */
  readonly groupUser: string | undefined;
  readonly starts: boolean;
  readonly standing: Standing;
  readonly isNothing: boolean;
}

/**
 * Decides what is to be done on a host. Where nothing differs from what is there, nothing is.
 *
 * @throws CliError `failed` for a host that needs a certificate which cannot be issued here
 */
export function planHost(looked: LookedAtHost, context: PlanContext): HostPlan {
  const { host, facts, user, sudo } = looked;
  const { record, isRunning, release: current } = facts.agent;
  const isOurs = record?.fleet.id === uuidOf(context.fleet.id);
  const isComplete = isOurs && record?.state === 'installed';
  const keeps = isComplete && current !== undefined;
  const release = keeps ? current : releaseOf(context.bundle);
  const certificate = certificateFor(host, facts, context);
  // Not by the record, which names users before they are in the group.
  const isMember = facts.groupMembers?.includes(user) === true;
  const groupUser = sudo === 'root' || isMember || host.sudo === true ? undefined : user;
  const settings = { address: host.address, labels: host.labels };
  const isSame = isComplete && record !== undefined && hasSettings(record, settings);
  const starts = !isSame || !isRunning;
  return {
    ...looked,
    ...etcdFor(facts, context),
    release,
    sendsPrograms: !keeps,
    certificate,
    groupUser,
    starts,
    standing: standingOf(looked),
    isNothing: isSame && isRunning && certificate === 'keep' && groupUser === undefined,
  };
}

function etcdFor(
  facts: HostFacts,
  { hasEtcdFile }: PlanContext,
): Pick<HostPlan, 'installEtcd' | 'sendsEtcd'> {
  if (hasEtcd(facts)) return { installEtcd: undefined, sendsEtcd: false };
  const installEtcd = hasEtcdFile ? undefined : facts.packageManager;
  return { installEtcd, sendsEtcd: installEtcd === undefined };
}

/** A record of another fleet is a problem that was found before. */
function standingOf({ host, facts: { agent } }: LookedAtHost): Standing {
  if (agent.record?.state === 'installed' && agent.record.address === host.address) return 'settled';
  return agent.record !== undefined && agent.hasClusterData ? 'member' : 'new';
}

/** Whether the etcd that is there can be used. */
export function hasEtcd({ etcd }: HostFacts): boolean {
  return etcd !== undefined && isNewEnough(etcd.version);
}

function certificateFor(
  host: LookedAtHost['host'],
  { agent }: HostFacts,
  { fleet, canIssue }: PlanContext,
): HostPlan['certificate'] {
  const { certificate, record } = agent;
  if (fleet.authority === undefined && certificate !== undefined && record?.fleet.id === uuidOf(fleet.id)) {
    const message = `${host.name} has a certificate of the fleet ${fleet.name}, but the fleet file names no authority. A new one would cut the hosts off from each other: restore the "authority" from the laptop where "hawser up" was run.`;
    throw new CliError('failed', message);
  }
  const wanted = wantedCertificate(host, certificate, fleet.authority);
  if (wanted === 'keep' || canIssue) return wanted;
  // A laptop without the key is no reason to leave a host out whose certificate still counts.
  if (wanted === 'renew' && certificate !== undefined && !isExpired(certificate)) return 'keep';
  const why = wanted === 'renew' ? 'has expired' : 'has to be issued';
  const message = `The certificate of ${host.name} ${why}, and the key of the fleet's authority is not on this laptop: copy fleets/${fleet.name}.key here from the laptop that has it, or run "hawser up" there.`;
  throw new CliError('failed', message);
}

function wantedCertificate(
  host: LookedAtHost['host'],
  certificate: string | undefined,
  authority: string | undefined,
): HostPlan['certificate'] {
  if (certificate === undefined || authority === undefined) return 'new';
  const names = { hostname: host.name, addresses: [host.address] };
  try {
    if (!isIssuedFor(certificate, authority, names)) return 'new';
    return needsRenewal(certificate) ? 'renew' : 'keep';
  } catch {
    // What lies there is no certificate.
    return 'new';
  }
}

function hasSettings(
  record: NonNullable<HostFacts['agent']['record']>,
  { address, labels }: { readonly address: string; readonly labels: FleetHost['labels'] },
): boolean {
  const before = Object.entries(record.labels ?? {}).sort();
  const now = Object.entries(labels).sort();
  return record.address === address && JSON.stringify(before) === JSON.stringify(now);
}
