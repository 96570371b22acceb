import type { FleetHost } from '../../fleet/file/fleet.js';
import { fingerprintsOf } from '../certificates/authorities.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { SudoMode } from '../host/host-shell.js';
import { isNewEnough } from '../programs/install-etcd-package.js';
import { releaseOf } from '../programs/local-program.js';
import { uuidOf } from '../record/install-record.js';
import {
  type CertificateContext,
  type CertificatePlan,
  planCertificate,
  trustedBy,
} from './plan-certificate.js';

/** A host that was looked at and has no problem. */
export interface LookedAtHost {
  readonly host: FleetHost & { readonly address: string };
  readonly facts: HostFacts;
  readonly user: string;
  readonly sudo: SudoMode;
}

/** What the fleet and this laptop bring. */
export interface PlanContext extends CertificateContext {
  readonly bundle: { readonly sha256: string; readonly version: string; readonly sizeBytes: number };
  readonly useHostNode: boolean;
  /** Whether `--etcd` names the one that hosts without etcd get. */
  readonly hasEtcdFile: boolean;
}

/**
 * Where a host stands in the fleet: set up at this address, in the cluster but not yet set up in full or at another address,
 * or new.
 */
export type Standing = 'settled' | 'member' | 'new';

/** What is to be done on one host. */
export interface HostPlan extends LookedAtHost, CertificatePlan {
  /** Install etcd with this package manager, if it has one that is new enough; else send it. */
  readonly installEtcd: HostFacts['packageManager'];
  /** Send etcd in any case. */
  readonly sendsEtcd: boolean;
  /** The bundle to run, and whether it is this laptop's. A host that runs an agent keeps what it has: `upgrade` changes that. */
  readonly release: string;
  readonly sendsPrograms: boolean;
  /** Whom to put into the group `hawser`. */
  readonly groupUser: string | undefined;
  /** Whether it is set up in full, with the settings that it is to have. */
  readonly isSame: boolean;
  readonly starts: boolean;
  readonly standing: Standing;
  readonly isNothing: boolean;
}

/**
 * Decides what is to be done on a host. Where nothing differs from what is there, nothing is.
 *
 * @throws CliError `failed` as {@link planCertificate}
 */
export function planHost(looked: LookedAtHost, context: PlanContext): HostPlan {
  const { host, facts, user, sudo } = looked;
  const { record, isRunning, release: current } = facts.agent;
  const isOurs = record?.fleet.id === uuidOf(context.fleet.id);
  const isComplete = isOurs && record?.state === 'installed';
  const keeps = isComplete && current !== undefined;
  const release = keeps ? current : releaseOf(context.bundle);
  const certificate = planCertificate(host, facts, context);
  // Not by the record, which names users before they are in the group.
  const isMember = facts.groupMembers?.includes(user) === true;
  const groupUser = sudo === 'root' || isMember || host.sudo === true ? undefined : user;
  const settings = { address: host.address, labels: host.labels };
  const isSame = isComplete && record !== undefined && hasSettings(record, settings);
  // While others do not accept its certificate it can be restarted without harm; else that is done for one host after another.
  const isDeaf = !certificate.counts && !trustsAll(facts, context);
  const starts = !isSame || !isRunning || isDeaf;
  return withNothing({
    ...looked,
    ...certificate,
    ...etcdFor(facts, context),
    release,
    sendsPrograms: !keeps,
    groupUser,
    isSame,
    starts,
    standing: standingOf(looked),
  });
}

function withNothing(plan: Omit<HostPlan, 'isNothing'>): HostPlan {
  const { starts, certificate, groupUser } = plan;
  return { ...plan, isNothing: !starts && certificate === 'keep' && groupUser === undefined };
}

/** The plan of a host whose certificate stays as it is for now. */
export function keepingCertificate(plan: HostPlan): HostPlan {
  return withNothing({ ...plan, certificate: 'keep', because: undefined });
}

/** The plan of a host whose agent is started again before: that is done only for other settings after that. */
export function startedBefore(plan: HostPlan): HostPlan {
  return withNothing({ ...plan, starts: !plan.isSame });
}

/** Whether the etcd of a host, as it runs, trusts every authority of the fleet. */
function trustsAll({ agent }: HostFacts, { fleet }: PlanContext): boolean {
  const trusted = trustedBy(agent);
  return fingerprintsOf(fleet.authority).every((one) => trusted.includes(one));
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

function hasSettings(
  record: NonNullable<HostFacts['agent']['record']>,
  { address, labels }: { readonly address: string; readonly labels: FleetHost['labels'] },
): boolean {
  const before = Object.entries(record.labels ?? {}).sort();
  const now = Object.entries(labels).sort();
  return record.address === address && JSON.stringify(before) === JSON.stringify(now);
}
