import type { WorldError } from '../../world/errors.js';
import { type HostFlags, hostsToReach } from '../agent-access/hosts-to-reach.js';
import type { CommandContext } from '../command-context.js';
import { EXIT_CODES } from '../exit-codes.js';
import type { FleetHost } from '../fleet/file/fleet.js';
import { selectHosts } from '../fleet/file/select-hosts.js';
import { printNote, printResult } from '../output/print.js';
import type { HostReport } from '../recover/plan-recovery.js';

/**
 * Shows what is known of a fleet whose etcd does not answer: each host is asked over SSH what it has. All are asked, since
 * one alone does not know what keeps the others; the selected ones are shown.
 *
 * @throws the error itself where SSH leads to no host either; CliError `usage` as `selectHosts`
 */
export async function statusBySsh(
  context: CommandContext,
  flags: HostFlags,
  { error, selection }: { readonly error: WorldError; readonly selection: string | undefined },
): Promise<void> {
  const { signal } = context.interrupts;
  const [{ target, hosts }, { ReachedHosts }, { formatReports }] = await Promise.all([
    hostsToReach(flags, signal).catch(() => {
      throw error;
    }),
    import('../agent-access/reached-hosts.js'),
    import('../recover/format-recovery.js'),
  ]);
  const reaching = { prefix: flags.prefix, timeoutMs: target.timeoutMs, signal };
  await using reached = await ReachedHosts.open(hosts, reaching);
  const reports = await reached.report(reaching);
  if (reports.every(({ trouble }) => trouble?.kind === 'out-of-reach')) throw error;
  const message = reasonOf(reports) ?? `${error.message} "hawser doctor" says what is wrong with each host.`;
  const problems = [{ code: 'unavailable', host: null, message }, ...troublesOf(reports)];
  const shown = selection === undefined ? reports : selectReports(reports, selection, target.fleetHosts);
  printResult(flags, { ok: false, hosts: shown.map(toStatus), problems }, formatReports(shown));
  printNote(flags, `hawser: ${message}`);
  context.exitCode = EXIT_CODES.failed;
}

interface Problem {
  readonly code: 'unavailable' | 'agent-gone' | 'unreachable';
  readonly host: string | null;
  readonly message: string;
}

function selectReports(
  reports: readonly HostReport[],
  selection: string,
  fleetHosts: readonly FleetHost[] = [],
): readonly HostReport[] {
  const hosts = reports.map((report) => {
    const labels = fleetHosts.find(({ name }) => name === report.host)?.labels ?? {};
    return { name: report.agent?.hostname ?? report.host, labels, report };
  });
  return selectHosts({ hosts }, selection).map(({ report }) => report);
}

/** What keeps each host from being asked, and who says more of it. */
function troublesOf(reports: readonly HostReport[]): Problem[] {
  return reports.flatMap(({ host, trouble }): Problem[] => {
    if (trouble === undefined) return [];
    const message = `${trouble.message} "hawser doctor ${host}" says more.`;
    return [{ code: trouble.kind === 'no-agent' ? 'agent-gone' : 'unreachable', host, message }];
  });
}

/** Undefined if the hosts do not know either. A host that is reached in two ways counts once. */
function reasonOf(reports: readonly HostReport[]): string | undefined {
  const agents = new Map(
    reports.flatMap(({ agent }) => (agent === undefined ? [] : [[agent.hostname, agent]])),
  );
  const servers = [...agents.values()].map(({ server }) => server);
  const alone = servers.filter(({ state }) => state === 'no-quorum');
  if (alone.length === 0) return undefined;
  const members = Math.max(...alone.map((server) => server.members?.length ?? 0));
  const of = members === 0 ? '' : ` of ${members}`;
  return (
    `The etcd cluster has no quorum: ${alone.length}${of} servers could be reached, and more than half must run and reach each ` +
    'other. Bring the others back; "hawser doctor" says what is wrong with each. If they are gone for good: "hawser members recover".'
  );
}

function toStatus({ host, agent, trouble }: HostReport) {
  if (agent === undefined)
    return { hostname: host, alive: false, role: 'unknown', apps: [], message: trouble?.message };
  const { hostname, version, server } = agent;
  return { hostname, alive: true, role: server.state, version, apps: [], server };
}
