import type { Log } from '../../../base/log.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { CliError } from '../../errors.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { formatBytes } from '../../output/format-quantities.js';
import { fingerprintsOf } from '../certificates/authorities.js';
import { type Authority, issueHostCertificate } from '../certificates/issue-certificate.js';
import { sendCertificates } from '../certificates/send-certificates.js';
import type { HostShell } from '../host/host-shell.js';
import { certifiedAddresses } from '../plan/plan-certificate.js';
import { type HostPlan, hasEtcd } from '../plan/plan-host.js';
import { nameProgram, PROGRAMS_FOLDER } from '../programs/local-program.js';
import type { ProgramsForHosts } from '../programs/prepare-programs.js';
import { provideEtcd } from '../programs/provide-etcd.js';
import { prunePrograms } from '../programs/prune-programs.js';
import type { SendOnce } from '../programs/send-once.js';
import { sendPrograms } from '../programs/send-programs.js';
import type { SendingShown } from '../programs/show-sending.js';
import { type InstallRecord, uuidOf } from '../record/install-record.js';
import { addToGroup, mayEnter } from '../service/group-membership.js';
import { installService } from '../service/install-service.js';
import { GROUP } from '../service/service-paths.js';
import { findWayOnceServing } from '../world/find-etcd-access.js';
import { startInFleet } from '../world/start-agent-and-wait.js';
import type { HostRole } from './bring-up-hosts.js';
import { Journal } from './keep-install-record.js';
import type { Step } from './run-steps.js';

/** What one run has for all hosts. */
export interface Site {
  readonly fleet: Fleet & { readonly id: string };
  readonly authority: Authority | undefined;
  readonly programs: ProgramsForHosts;
  readonly sendings: SendOnce;
  /** Called when the host that makes the cluster has its programs, to send others theirs while it starts. */
  readonly sendOthers: () => void;
  readonly useHostNode: boolean;
  readonly showSending: (host: string) => SendingShown;
  /** The URLs at which other hosts serve. */
  readonly seedsFor: (host: string) => readonly string[];
  /** Through a host that serves; a new cluster has but the one that makes it, which serves others from then on. */
  readonly openWorld: (founder: HostShell | undefined) => Promise<ClientWorld>;
  /** Logs in again, once for each host, for the groups that a login has. */
  readonly loginAnew: (plan: HostPlan) => Promise<HostShell>;
  /** Waits until the fleet can go on without a host whose agent runs. @returns when that was started, where it is known */
  readonly beforeRestart: (host: string) => Promise<string | undefined>;
  readonly log: Log;
}

/** Everything that brings one host up, in order. Each step may be repeated. */
export function hostSteps(shell: HostShell, plan: HostPlan, role: HostRole, site: Site): Step[] {
  const journal = new Journal(shell, plan, role, site);
  return [
    {
      name: 'write down what is about to be done',
      run: (signal) => journal.write('in-progress', {}, signal),
    },
    { name: 'install etcd', run: (signal) => installEtcd(shell, plan, site, journal, signal) },
    {
      name: 'send the programs',
      run: async (signal) => {
        const done = await site.sendings.to(plan.host.name, () => send(shell, plan, site, signal));
        if (role === 'founder') site.sendOthers();
        return done;
      },
    },
    { name: 'issue the certificate', run: (signal) => certify(shell, plan, site, signal) },
    { name: 'set up the service', run: (signal) => setUp(shell, plan, role, site, journal, signal) },
    {
      name: 'let the SSH user use the fleet',
      run: (signal) => admit(shell, plan, journal, signal),
    },
    {
      name: 'start the agent',
      mayBegin: true,
      run: (signal) => (plan.starts ? start(shell, plan, role, site, signal) : Promise.resolve(undefined)),
    },
    { name: 'enter the socket of the fleet', run: (signal) => enter(plan, site, signal) },
    {
      name: 'write down what was done',
      run: async (signal) => {
        await journal.write('installed', trustAfter(plan, site), signal);
        await prunePrograms(shell, journal.programs, { log: site.log, signal });
        return 'done';
      },
    },
  ];
}

/** Sends a host its programs before its turn, after it was written down there that something is to be done. */
export function sendAhead(shell: HostShell, plan: HostPlan, site: Site, signal: AbortSignal): void {
  if (!plan.sendsPrograms) return;
  void site.sendings.to(plan.host.name, async () => {
    await new Journal(shell, plan, 'joiner', site).write('in-progress', {}, signal);
    return await send(shell, plan, site, signal);
  });
}

async function installEtcd(
  shell: HostShell,
  { installEtcd: manager, sendsEtcd, facts }: HostPlan,
  { programs, showSending }: Site,
  journal: Journal,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (manager === undefined && !sendsEtcd) return undefined;
  return await provideEtcd(shell, {
    ...{ manager, showSending, signal },
    prepare: () => programs.etcd(facts),
    note: (done) => journal.write('in-progress', done, signal),
  });
}

async function send(
  shell: HostShell,
  plan: HostPlan,
  site: Site,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!plan.sendsPrograms) return undefined;
  const programs = await site.programs.forAgent(plan.facts);
  using shown = site.showSending(plan.host.name);
  const { sent, sentBytes } = await sendPrograms(shell, programs, { ...shown, signal });
  if (sent.length === 0) return undefined;
  return `sent ${sent.map(nameProgram).join(' and ')}, ${formatBytes(sentBytes)}`;
}

async function certify(
  shell: HostShell,
  plan: HostPlan,
  { authority, fleet }: Site,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (plan.certificate === 'keep') return undefined;
  if (authority === undefined) {
    const message = `The key of the fleet's authority is not on this machine, so ${plan.host.name} gets no certificate: run "hawser up" where fleets/${fleet.name}.key is.`;
    throw new CliError('failed', message);
  }
  const { address, name } = plan.host;
  const addresses = certifiedAddresses(address, plan.facts);
  const issued = issueHostCertificate(authority, { hostname: name, addresses });
  await sendCertificates(shell, issued, fleet.authority ?? authority.cert, signal);
  return plan.certificate === 'renew' ? 'renewed its certificate' : 'issued its certificate';
}

async function setUp(
  shell: HostShell,
  plan: HostPlan,
  role: HostRole,
  site: Site,
  journal: Journal,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!plan.starts) return undefined;
  const { host, facts } = plan;
  const runtime = await runtimeOf(plan, site);
  // An etcd that is too old may come first on the PATH.
  const etcd = hasEtcd(facts) ? facts.etcd?.path : journal.etcd;
  const created = await installService(
    shell,
    {
      hostname: host.name,
      fleet: { name: site.fleet.name, id: uuidOf(site.fleet.id) },
      address: host.address,
      seeds: role === 'founder' ? [] : site.seedsFor(host.name),
      newCluster: role === 'founder',
      clusterSize: role === 'founder' ? site.fleet.clusterSize : undefined,
      labels: host.labels,
      namespace: site.fleet.namespace,
      ...(etcd === undefined ? {} : { etcdProgram: etcd }),
      runtime,
      release: plan.release,
    },
    signal,
  );
  await journal.write(
    'in-progress',
    { created: created.created, supervisor: created.supervisor, runtime },
    signal,
  );
  return created.startsAtBoot ? undefined : 'its agent runs, but nothing starts it after a reboot';
}

async function runtimeOf(plan: HostPlan, site: Site): Promise<string> {
  const { record } = plan.facts.agent;
  if (!plan.sendsPrograms && record?.runtime !== undefined) return record.runtime;
  if (site.useHostNode && plan.facts.node !== undefined) return plan.facts.node.path;
  const runtime = (await site.programs.forAgent(plan.facts)).find(({ kind }) => kind === 'runtime');
  return `${PROGRAMS_FOLDER}/${runtime?.path ?? ''}`;
}

async function start(
  shell: HostShell,
  plan: HostPlan,
  role: HostRole,
  site: Site,
  signal: AbortSignal,
): Promise<string> {
  const { host, facts } = plan;
  const isFounder = role === 'founder';
  const login = isFounder ? await loginOf(shell, plan, site) : undefined;
  using _ = login && findWayOnceServing(login, signal);
  await startInFleet({
    ...{ shell, host, signal },
    startedBefore: facts.agent.isRunning ? await site.beforeRestart(host.name) : undefined,
    openWorld: () => site.openWorld(login),
  });
  return isFounder ? 'its agent runs and has made the cluster' : 'its agent has joined the fleet';
}

/** The authorities that the etcd of a host trusts after what was done there. */
function trustAfter(
  { starts, certificate, facts }: HostPlan,
  { fleet }: Site,
): Pick<InstallRecord, 'trusts'> {
  if (!starts) return {};
  return { trusts: fingerprintsOf(certificate === 'keep' ? facts.agent.trusted : fleet.authority) };
}

/** Before the agent starts, so that the group is there when it is first asked. */
async function admit(
  shell: HostShell,
  { groupUser }: HostPlan,
  journal: Journal,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (groupUser === undefined) return undefined;
  await journal.write('in-progress', { users: [groupUser] }, signal);
  await addToGroup(shell, groupUser, signal);
  return `put ${groupUser} into the group hawser`;
}

/** The group counts for logins that begin after it was given. */
async function loginOf(shell: HostShell, plan: HostPlan, site: Site): Promise<HostShell> {
  return plan.groupUser === undefined ? shell : site.loginAnew(plan);
}

async function enter(plan: HostPlan, site: Site, signal: AbortSignal): Promise<undefined> {
  const { groupUser, host } = plan;
  if (groupUser === undefined) return;
  if (await mayEnter(await site.loginAnew(plan), signal)) return;
  const message = `${groupUser} is in the group ${GROUP} on ${host.name} now, but a new login there does not have it. If SSH keeps a shared connection to the host (ControlMaster), end it with "ssh -O exit ${host.ssh}", then run the command again. With --no-group, commands use sudo there instead.`;
  throw new CliError('failed', message);
}
