import { counted, formatBytes } from '../../output/format-quantities.js';
import { authorityWarning } from '../certificates/authorities.js';
import { ETCD_RELEASE } from '../programs/etcd-release.js';
import { etcdPackage } from '../programs/install-etcd-package.js';
import type { RolloverPlan } from '../rollover/plan-rollover.js';
import { BOOT_STARTER_NAMES, type BootStarter } from '../service/detect-init-system.js';
import type { HostPlan, PlanContext } from './plan-host.js';

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
  readonly rollover?: RolloverPlan | undefined;
}

/** The plan as lines for people. */
export function formatPlan(plan: PlanText): string[] {
  const { fleet, hosts, leftOut, unknownReach, isNew, rollover } = plan;
  const warning = authorityWarning(fleet.authority);
  const name = `${isNew ? 'New fleet' : 'Fleet'} ${fleet.name}: ${counted(hosts.length, 'host')}`;
  return [
    name,
    ...hosts.flatMap((host) => ['', ...hostLines(host, plan)]),
    ...(leftOut.length === 0 ? [] : ['', 'Left out:']),
    ...leftOut.map(({ host, message }) => `  ${host}: ${message}`),
    ...(unknownReach.length === 0 ? [] : ['', unknownReachLine(unknownReach)]),
    ...groupLines(hosts),
    ...(rollover === undefined ? [] : rolloverLines(rollover)),
    ...(warning === undefined ? [] : ['', warning]),
  ];
}

function rolloverLines({ spread, drop, waitsFor, mayStop }: RolloverPlan): string[] {
  const restart = (hosts: readonly string[], why: string) =>
    hosts.length === 0
      ? []
      : [`  restart ${hosts.join(', ')}${hosts.length === 1 ? '' : ', one after another,'} to trust ${why}`];
  return [
    '',
    'New authority for the certificates of the hosts:',
    ...restart(spread, 'it as well as the old one'),
    waitsFor.length > 0
      ? `  go on when ${waitsFor.join(', ')} can take part: run "hawser up" again then`
      : '  issue certificates of it where they are missing',
    ...restart(drop, 'only it'),
    ...(mayStop
      ? ['  the fleet may not answer for some seconds, because some hosts do not accept each other now']
      : []),
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
  const { facts, groupUser } = host;
  return [
    ...etcdLines(host, plan),
    ...(host.sendsPrograms
      ? [
          `send hawser ${bundle.version} (${formatBytes(bundle.sizeBytes)})${useHostNode ? '' : ' and Node'} to /opt/hawser`,
        ]
      : []),
    ...certificateLines(host),
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

function certificateLines({ certificate, because }: HostPlan): string[] {
  if (certificate === 'keep') return [];
  if (certificate === 'renew') return ['renew its certificate'];
  if (because === undefined) return ['issue its certificate'];
  const reason = because === 'address' ? 'its address changed' : 'the fleet gets a new authority';
  return [`issue a new certificate, because ${reason}`];
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
