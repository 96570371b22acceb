import { counted, formatBytes } from '../../output/format-quantities.js';
import { ETCD_RELEASE } from '../programs/etcd-release.js';
import { etcdPackage } from '../programs/install-etcd.js';
import { BOOT_STARTER_NAMES, type BootStarter } from '../service/boot-starter.js';
import type { HostPlan, PlanContext } from './plan-up.js';

/** A host that cannot take part, and why. */
export interface LeftOut {
  readonly host: string;
  readonly message: string;
}

/** What the whole is about. */
export interface PlanText extends PlanContext {
  readonly hosts: readonly HostPlan[];
  readonly leftOut: readonly LeftOut[];
  /** Hosts that do not say whether they reach others. */
  readonly unknownReach: readonly string[];
  /** Whether the fleet is made now. */
  readonly isNew: boolean;
  /** Who makes the cluster. */
  readonly founder: string | undefined;
}

/** The plan as lines for people. */
export function formatPlan(plan: PlanText): string[] {
  const { fleet, hosts, leftOut, unknownReach, isNew } = plan;
  const name = `${isNew ? 'New fleet' : 'Fleet'} ${fleet.name}: ${counted(hosts.length, 'host')}`;
  return [
    name,
    ...hosts.flatMap((host) => ['', ...hostLines(host, plan)]),
    ...(leftOut.length === 0 ? [] : ['', 'Left out:']),
    ...leftOut.map(({ host, message }) => `  ${host}: ${message}`),
    ...(unknownReach.length === 0 ? [] : ['', unknownReachLine(unknownReach)]),
    ...groupLines(hosts),
  ];
}

function unknownReachLine(hosts: readonly string[]): string {
  return `It is not known whether ${hosts.join(', ')} can reach the other hosts: the SSH server there does not tell, for example because of "AllowTcpForwarding no".`;
}

function hostLines(host: HostPlan, plan: PlanText): string[] {
  const { facts } = host;
  const place = `  ${host.host.name}  ${host.host.ssh}, ${facts.os.name || facts.os.id}, ${facts.architecture}, address ${host.host.address}`;
  const actions = actionsOf(host, plan);
  return [
    place,
    ...(actions.length === 0 ? ['    nothing to do'] : actions.map((action) => `    ${action}`)),
  ];
}

function actionsOf(host: HostPlan, plan: PlanText): string[] {
  if (host.isNothing) return [];
  const { bundle, useHostNode, founder } = plan;
  const { facts, certificate, groupUser } = host;
  return [
    ...etcdLines(host, plan),
    ...(host.sendsPrograms
      ? [
          `send hawser ${bundle.version} (${formatBytes(bundle.sizeBytes)})${useHostNode ? '' : ' and Node'} to /opt/hawser`,
        ]
      : []),
    ...(certificate === 'keep'
      ? []
      : [certificate === 'renew' ? 'renew its certificate' : 'issue its certificate']),
    ...(groupUser === undefined ? [] : [`put ${groupUser} into the group hawser`]),
    ...(host.starts ? [startLine(host, facts.agent.isRunning, founder)] : []),
  ];
}

function etcdLines({ installEtcd, sendsEtcd }: HostPlan, { hasEtcdFile }: PlanText): string[] {
  const release = `etcd ${ETCD_RELEASE.version}`;
  if (installEtcd !== undefined) {
    const name = etcdPackage(installEtcd);
    return [`install ${name} with ${installEtcd}, or send ${release} if that has none that works`];
  }
  return sendsEtcd ? [`send ${hasEtcdFile ? 'the etcd that --etcd names' : release} to /opt/hawser`] : [];
}

function startLine({ host, facts }: HostPlan, isRunning: boolean, founder: string | undefined): string {
  const how = wayToRun(facts.bootStarter);
  const what = isRunning ? 'restart the agent' : 'run the agent';
  return `${what} ${how}${founder === host.name && !isRunning ? '; it makes the cluster' : ''}`;
}

function wayToRun(starter: BootStarter): string {
  if (starter === 'systemd') return 'as hawser.service';
  if (starter === 'none') return 'under a supervisor, which nothing starts after a reboot';
  return `under a supervisor, which ${BOOT_STARTER_NAMES[starter]} starts at boot`;
}

function groupLines(hosts: readonly HostPlan[]): string[] {
  const users = [...new Set(hosts.flatMap(groupUsers))];
  if (users.length === 0) return [];
  const who = users.join(', ');
  return [
    '',
    `Whoever is in the group hawser of a host can run anything as root on every host: that will be ${who}.`,
  ];
}

/** Who gets into the group, and who is there already where it is older than the agent. */
function groupUsers({ groupUser, standing, facts }: HostPlan): readonly string[] {
  const before = standing === 'new' ? (facts.groupMembers ?? []) : [];
  return groupUser === undefined ? before : [groupUser, ...before];
}
