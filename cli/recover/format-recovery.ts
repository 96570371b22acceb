import type { Lines } from '../output/escaped-lines.js';
import { formatBytes } from '../output/format-quantities.js';
import { formatTable, lines } from '../output/print.js';
import type { HostReport, RecoveryPlan } from './plan-recovery.js';

/** The hosts and what each has, for people. */
export function formatReports(reports: readonly HostReport[]): Lines {
  const rows = reports.map(({ host, agent, trouble }) => {
    if (agent === undefined) return [host, trouble?.kind === 'no-agent' ? 'none' : 'out of reach'];
    const { state, revision = '-', raftTerm = '-', raftIndex = '-' } = agent.server;
    return [
      agent.hostname,
      `up, pid ${agent.pid}`,
      state,
      revision,
      raftTerm,
      raftIndex,
      describeData(agent.server),
    ];
  });
  const troubles = reports.flatMap(({ host, trouble }) =>
    trouble === undefined ? [] : [`${host}: ${trouble.message}`],
  );
  const hosts = formatTable(['HOST', 'AGENT', 'SERVER', 'REVISION', 'TERM', 'INDEX', 'DATA'], rows);
  return lines([hosts, ...(troubles.length === 0 ? [] : ['', ...troubles])]);
}

/** The plan for people; empty when there is nothing to do. */
export function formatPlan(plan: RecoveryPlan, reports: readonly HostReport[]): Lines | '' {
  const name = (host: string) => reports.find((one) => one.host === host)?.agent?.hostname ?? host;
  switch (plan.kind) {
    case 'nothing':
    case 'impossible':
      return '';
    case 'finish':
      return lines([
        `${name(plan.base)} serves the rebuilt cluster. These still have to set their data aside and join it: ${plan.rejoin.map(name).join(', ')}.`,
      ]);
    case 'rebuild': {
      const rejoin =
        plan.rejoin.length === 0
          ? []
          : [
              `Then these set their data aside and join it as new members: ${plan.rejoin.map(name).join(', ')}.`,
            ];
      const warnings = plan.warnings.map((warning) => `Warning: ${warning}`);
      return lines([
        `${name(plan.base)} has the best data to rebuild from: it becomes a cluster of one.`,
        ...rejoin,
        plan.loss,
        ...warnings,
      ]);
    }
  }
}

function describeData(server: {
  readonly dataFolder: boolean;
  readonly dbSizeBytes?: number | undefined;
}): string {
  if (!server.dataFolder) return 'none';
  return server.dbSizeBytes === undefined ? 'yes' : formatBytes(server.dbSizeBytes);
}
