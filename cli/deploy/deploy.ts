import type { ClientWorld } from '../../world/client-world.js';
import type { HostVerdict } from '../../world/deploys/deploy-verdict.js';
import type { Report } from '../../world/deploys/report.js';
import { CliError } from '../errors.js';
import { counted, formatBytes } from '../output/format-quantities.js';
import { type OutputOptions, printNote } from '../output/print.js';
import { canAsk, confirm } from '../prompts/confirm.js';
import type { Prepared } from './prepare-deploy.js';
import { readTargetHosts, type Targets } from './read-target-hosts.js';
import { findPosition, recordDeploy } from './record-deploy.js';
import type { RecordState } from './say-what-goes-on.js';
import { waitForVerdict } from './wait-for-verdict.js';

/** How to run one deploy. */
export interface DeployRun extends OutputOptions {
  readonly yes: boolean;
  readonly wait: boolean;
  /** In milliseconds. */
  readonly waitTimeout: number;
  readonly plan: boolean;
  /** Whether a host whose agent is not running is no failure. */
  readonly allowMissing: boolean;
  readonly signal: AbortSignal;
  /** Called once nothing more is asked of the person, so that the time from here on can be measured. */
  readonly onConfirmed?: () => void;
  /** Called before the deploy is written to the log, and once it is there. */
  readonly onRecord?: (state: RecordState) => void;
}

/** The result of a deploy: for a program and for a person. */
export interface DeployOutcome {
  readonly value: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/**
 * Deploys a prepared directory: plan, confirm, upload, record, wait. Prints progress as it goes.
 *
 * @throws CliError
 */
export async function deploy(world: ClientWorld, prepared: Prepared, run: DeployRun): Promise<DeployOutcome> {
  const { signal } = run;
  const { name } = prepared.manifest;
  const { folder } = prepared.choices;
  const targets = await readTargetHosts(world, prepared.manifest.hosts, signal);
  const position = await findPosition(world, prepared, signal);
  const to = describeTargets(targets);
  if (run.plan) {
    const { live: hosts, away } = targets;
    const value = { id: position.id, name, hosts, away, hash: prepared.git?.head ?? '', folder };
    return { value, text: `Would deploy ${name} as deploy ${position.id} to ${to}.` };
  }
  const confirmed = !run.yes && !run.json && canAsk();
  const question = `Deploy ${name} as deploy ${position.id} to ${to}?`;
  if (confirmed && !(await confirm(question, { signal, byDefault: true }))) {
    throw new CliError('declined', 'Nothing was deployed.');
  }
  run.onConfirmed?.();
  const upload = await world.putTree(folder, { signal, isLeftOut: prepared.isLeftOut });
  const [sent, all] = [upload.uploadedBytes, upload.sizeBytes].map(formatBytes);
  printNote(run, `Uploaded ${sent} of ${all} in ${counted(upload.files, 'file')}.`);
  // The hosts that were shown are those that are recorded, whatever came or went meanwhile.
  const hosts = run.allowMissing ? targets.live : [...targets.live, ...targets.away].sort();
  const { tree } = upload;
  const { onRecord } = run;
  const id = await recordDeploy(world, prepared, { tree, hosts, position, confirmed, signal, onRecord });
  printNote(run, `Recorded deploy ${id}.`);
  if (!run.wait || hosts.length === 0) {
    const text = `Recorded deploy ${id} for ${to}.`;
    return { value: { id, verdict: 'pending', hosts: {}, away: targets.away }, text };
  }
  return await awaitHosts(world, { id, hosts, away: targets.away, name }, run);
}

function describeTargets({ live, away }: Targets): string {
  const to = live.length === 0 ? 'no host (no agent is running)' : live.join(', ');
  return away.length === 0 ? to : `${to}; ${later(away)}`;
}

/** "h2 is away and will apply it when it is back" */
function later(away: readonly string[]): string {
  return away.length === 1
    ? `${away[0]} is away and will apply it when it is back`
    : `${away.join(', ')} are away and will apply it when they are back`;
}

async function awaitHosts(
  world: ClientWorld,
  { id, hosts, away, name }: { id: number; hosts: readonly string[]; away: readonly string[]; name: string },
  run: DeployRun,
): Promise<DeployOutcome> {
  const { verdict, hosts: verdicts } = await waitForVerdict({
    world,
    id,
    hosts,
    away,
    signal: run.signal,
    timeoutMs: run.waitTimeout,
    allowMissing: run.allowMissing,
    onChange: (hostname, host) => printNote(run, progressLine(hostname, host)),
  });
  if (verdict === 'healthy') {
    const healthy = [...verdicts].flatMap(([hostname, { state }]) => (state === 'missing' ? [] : [hostname]));
    const missing = [...new Set([...hosts, ...away])]
      .filter((hostname) => !healthy.includes(hostname))
      .sort();
    const but = missing.length === 0 ? '' : `; ${later(missing)}`;
    const value = { id, verdict, hosts: Object.fromEntries(verdicts), away: missing };
    return { value, text: `Deploy ${id} of ${name} is healthy on ${healthy.join(', ') || 'no host'}${but}.` };
  }
  const bad = [...verdicts].filter(([, { state }]) => state !== 'healthy' && state !== 'skipped');
  const why = bad.map(([hostname, { state, message }]) => `${hostname} ${state}: ${message}`).join(' ');
  const isMissing = bad.some(([, { state }]) => state === 'missing');
  const remedy = isMissing
    ? ' To accept missing hosts, pass --allow-missing; for a host that is gone for good, run "hawser members forget".'
    : '';
  const what = verdict === 'failed' ? 'failed' : `is not healthy after ${run.waitTimeout / 1_000} s`;
  throw new CliError('unhealthy', `Deploy ${id} of ${name} ${what}. ${why}${remedy}`, {
    hosts: Object.fromEntries(bad.map(([hostname, { message }]) => [hostname, message])),
    logTail: appOutput(await world.getReports(id, { signal: run.signal })),
  });
}

function progressLine(hostname: string, { state, message }: HostVerdict): string {
  return state === 'failed' || state === 'lost' || state === 'missing'
    ? `${hostname}: ${state}: ${message}`
    : `${hostname}: ${message}`;
}

/** The last lines of the apps that failed; hosts whose app wrote the same share them. */
function appOutput(reports: ReadonlyMap<string, Report>): string {
  const hostsByOutput = new Map<string, string[]>();
  for (const [hostname, { logTail }] of reports) {
    if (logTail !== undefined) hostsByOutput.set(logTail, [...(hostsByOutput.get(logTail) ?? []), hostname]);
  }
  return [...hostsByOutput].map(([output, hosts]) => `${hosts.join(', ')}:\n${output}`).join('\n');
}
