import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import { describeSchedule } from '../../apps/read-schedules.js';
import type { Lines } from '../../output/escaped-lines.js';
import { listed } from '../../output/format-quantities.js';
import { lines } from '../../output/print.js';
import { describeLock } from '../lock/describe-lock.js';
import type { Targets } from '../read-target-hosts.js';
import { formatChanges } from './format-file-changes.js';
import { formatBatches } from './plan-batches.js';
import { type ChangedHosts, type DeployPlan, describeOrder } from './plan-deploy.js';
import type { Commit } from './read-commits.js';

/** A plan for a person to read, before the question. */
export function formatPlan(
  plan: DeployPlan,
  { manifest, noop }: Pick<Deployment, 'manifest' | 'noop'>,
  commits: readonly Commit[],
): Lines {
  const { lock } = plan.position.lock;
  const { position, app, groups, settings, newest, otherSettings } = plan;
  const order = describeOrder({ manifest });
  return lines([
    `Deploy ${position.id} of ${app} to ${describePlace(plan)}`,
    ...groups.flatMap(formatGroup),
    ...(newest === undefined || settings.length === 0 ? [] : ['  Settings:']),
    ...(newest === undefined
      ? []
      : settings.map(({ key, before = 'none', after = 'none' }) => `  ~ ${key}: ${before} → ${after}`)),
    ...(commits.length === 0 ? [] : [`  Commits since deploy ${newest?.id}:`]),
    ...commits.map(({ hash, subject }) => `    ${hash.slice(0, 10)} ${subject}`),
    ...(noop ? ['  Noop: the hosts fetch and verify it, and switch nothing.'] : []),
    ...(order === undefined || noop ? [] : [`  Order: ${order}`]),
    ...formatBatches(plan.batches),
    ...(lock === undefined ? [] : [`  Note: ${describeLock(app, lock)}`]),
    ...(otherSettings.length === 0
      ? []
      : [
          `  The schedule is also that of ${otherSettings.join(', ')}: what this deploy asks for counts for both.`,
        ]),
  ]);
}

/** The same for programs. */
export function planValue(
  plan: DeployPlan,
  { hash, commits }: { readonly hash: string; readonly commits: readonly Commit[] },
): Readonly<Record<string, unknown>> {
  const { position, app, targets, schedule, folder, groups, batches, settings, revision } = plan;
  return {
    ...{ id: position.id, app, hash, revision, hosts: targets.live, away: targets.away },
    schedule: schedule ?? null,
    ...{ tree: folder.tree, files: folder.files, sizeBytes: folder.sizeBytes },
    changes: groups.map(({ hosts, from, changes }) => ({ hosts, from: from ?? null, changes })),
    batches,
    settings,
    commits,
  };
}

/** Where it will run: "web1, web2", or what decides on that. */
export function describePlace({ targets, schedule }: Pick<DeployPlan, 'targets' | 'schedule'>): string {
  if (schedule === undefined) return describeTargets(targets);
  return describeSchedule(schedule, [...targets.live, ...targets.away].sort());
}

/** "web1, web2; web3 is away and will apply it when it is back" */
function describeTargets({ live, away }: Targets): string {
  const to = live.length === 0 ? 'no host (no agent is running)' : live.join(', ');
  if (away.length === 0) return to;
  return away.length === 1
    ? `${to}; ${away[0]} is away and will apply it when it is back`
    : `${to}; ${away.join(', ')} are away and will apply it when they are back`;
}

function formatGroup({ hosts, from, changes }: ChangedHosts): string[] {
  const names = listed(hosts);
  const [runs, run] = hosts.length === 1 ? ['runs', 'runs'] : ['run', 'run'];
  const now = from === undefined ? `${names} ${runs} nothing of it yet` : `${names} ${run} deploy ${from}`;
  const shown = formatChanges(changes);
  return shown.length === 0
    ? [`  ${now}: no file changes`]
    : [`  ${now}:`, ...shown.map((line) => `  ${line}`)];
}
