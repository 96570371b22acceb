import type { ClientWorld } from '../../world/client-world.js';
import type { Deployment } from '../../world/deploys/deploy-payload.js';
import type { FolderTree, TreeUpload } from '../../world/fs/deploy-trees/put-deploy-tree.js';
import { CliError } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import { counted, formatBytes } from '../output/format-quantities.js';
import { lines, type OutputOptions, printNote } from '../output/print.js';
import { showTransfer } from '../output/show-transfer.js';
import { writeRemark } from '../output/write-output.js';
import { canAsk, confirm } from '../prompts/confirm.js';
import { requireSecrets } from '../secrets/require-secrets.js';
import { recordDeploy } from './append-prepared-deploy.js';
import type { RecordState } from './explain-interruption.js';
import { refuseIfLocked } from './lock/refuse-if-locked.js';
import { formatDiffs } from './plan/format-diffs.js';
import { describePlace, formatPlan, planValue } from './plan/format-plan.js';
import { type DeployPlan, planDeploy, sameAsNewest } from './plan/plan-deploy.js';
import { readCommits } from './plan/read-commits.js';
import type { Prepared } from './prepare-deploy.js';
import type { Targets } from './read-target-hosts.js';
import type { DeployOutcome } from './view/deploy-outcome.js';
import { reportOutcome, type WatchRun } from './view/report-progress.js';

/** How to run one deploy. */
export interface DeployRun extends OutputOptions {
  readonly yes: boolean;
  readonly wait: boolean;
  /** In milliseconds. */
  readonly waitTimeout: number;
  readonly plan: boolean;
  /** Whether the plan shows the lines that change. */
  readonly diff: boolean;
  /** Whether a host whose agent is not running is no failure. */
  readonly allowMissing: boolean;
  /** Whether the same release is started again where nothing changed. */
  readonly restart: boolean;
  /** What a plan before had; the fleet must not have moved since. */
  readonly expectRevision?: string | undefined;
  /** The key to sign with: a file, or `agent`. */
  readonly sign?: string | undefined;
  /** Whether a program is told of each change, or of the end only. Default true. */
  readonly tellsChanges?: boolean;
  readonly signal: AbortSignal;
  /** Time limit for single reads. */
  readonly timeoutMs: number;
  /** Called once nothing more is asked of the person, so that the time from here on can be measured. */
  readonly onConfirmed?: () => void;
  /** Called before the deploy is written to the log, and once it is there. */
  readonly onRecord?: (state: RecordState) => void;
  /** Called whenever the deploy was looked at. */
  readonly onLook?: WatchRun['onLook'];
}

/**
 * Deploys a prepared directory: plan, confirm, upload, record, wait. Prints progress as it goes.
 *
 * @throws CliError
 */
export async function deploy(world: ClientWorld, prepared: Prepared, run: DeployRun): Promise<DeployOutcome> {
  const { signal, timeoutMs } = run;
  const { manifest, git } = prepared;
  const confirmed = !run.yes && !run.json && canAsk();
  const isSeen = run.plan || run.diff || confirmed;
  const plan = await planDeploy(world, { prepared, isSeen, signal, timeoutMs });
  const { targets } = plan;
  if (run.expectRevision !== undefined && run.expectRevision !== plan.revision)
    throw moved(run.expectRevision, plan);
  const same = run.restart || prepared.choices.noop ? undefined : sameAsNewest(plan, git?.head ?? '');
  if (same !== undefined && !run.plan) return nothingToDo(same.id, same.deployment);
  await requireSecrets(world, manifest, [...targets.live, ...targets.away], signal);
  const commits = await readCommits(git, plan.newest?.hash ?? '', signal);
  const text = formatPlan(plan, { manifest, noop: prepared.choices.noop }, commits);
  const diffs = run.diff ? await formatDiffs(world, plan, prepared.choices.folder, signal) : [];
  if (run.plan) {
    const value = planValue(plan, { hash: git?.head ?? '', commits });
    const whole = lines([text, ...diffs, `To deploy exactly this: --expect-revision ${plan.revision}`]);
    const said = {
      app: manifest.name,
      id: undefined,
      verdict: 'running',
      message: 'This is only a plan.',
    } as const;
    return { said, value, text: whole, exitCode: EXIT_CODES.done, logTail: '' };
  }
  refuseIfLocked(manifest.name, plan.position.lock.lock);
  if (!run.json && (confirmed || run.diff)) writeRemark(lines([text, ...diffs]));
  if (confirmed) await askToDeploy(prepared, plan, signal);
  run.onConfirmed?.();
  return await carryOut(world, { prepared, plan, confirmed, run });
}

/** @throws CliError `declined` */
async function askToDeploy(
  { choices, manifest }: Prepared,
  plan: DeployPlan,
  signal: AbortSignal,
): Promise<void> {
  const what = choices.noop ? 'Try (noop)' : 'Deploy';
  const question = `${what} ${manifest.name} as deploy ${plan.position.id} to ${describePlace(plan)}?`;
  if (!(await confirm(question, { signal, byDefault: true })))
    throw new CliError('declined', 'Nothing was deployed.');
}

/** Uploads, records and waits. */
async function carryOut(
  world: ClientWorld,
  work: {
    readonly prepared: Prepared;
    readonly plan: DeployPlan;
    readonly confirmed: boolean;
    readonly run: DeployRun;
  },
): Promise<DeployOutcome> {
  const { prepared, plan, confirmed, run } = work;
  const { signal, onRecord, allowMissing, sign } = run;
  const { targets, position } = plan;
  const upload = await uploadShown(world, plan.folder, run);
  const [sent, all] = [upload.uploadedBytes, upload.sizeBytes].map(formatBytes);
  printNote(run, `Uploaded ${sent} of ${all} in ${counted(upload.files, 'file')}.`);
  const { tree } = upload;
  const action = run.restart && tree === plan.newest?.deployment.tree ? ('restart' as const) : undefined;
  // The hosts that were shown are those that are recorded, whatever came or went meanwhile.
  const recording = { tree, targets, allowMissing, action, position, confirmed, sign, signal, onRecord };
  const { id, deployment } = await recordDeploy(world, prepared, recording);
  printNote(run, `Recorded deploy ${id}.`);
  if (run.wait && targets.live.length > 0) return reportOutcome(world, { id, deployment }, run);
  return onlyRecorded(id, plan, run);
}

async function uploadShown(world: ClientWorld, folder: FolderTree, run: DeployRun): Promise<TreeUpload> {
  using progress = showTransfer('upload', 'Uploading', run);
  return await world.putTree(folder, { signal: run.signal, onProgress: progress.show });
}

/** Where nobody waits for the hosts, or none would begin. */
function onlyRecorded(id: number, plan: DeployPlan, run: DeployRun): DeployOutcome {
  const { app, targets } = plan;
  const nobody = nobodyApplies(targets);
  if (nobody !== undefined) printNote(run, `hawser: ${nobody}`);
  const { away } = targets;
  const message = nobody === undefined ? {} : { message: nobody };
  const sentence = `Recorded deploy ${id} for ${describePlace(plan)}.`;
  return {
    said: { app, id, verdict: 'running', message: nobody ?? sentence },
    value: { id, app, verdict: 'running', ...message, hosts: [], away },
    text: lines([sentence]),
    exitCode: run.wait && !run.allowMissing && away.length > 0 ? EXIT_CODES.unhealthy : EXIT_CODES.done,
    logTail: '',
  };
}

/** A warning where no host would begin. */
function nobodyApplies({ live, away }: Targets): string | undefined {
  if (live.length > 0) return undefined;
  return away.length === 0
    ? 'No host applies this now, because the fleet has none; those that join it will.'
    : 'No host applies this now, because no agent of theirs is running; they catch up when they are back.';
}

function nothingToDo(id: number, { name, hosts }: Deployment): DeployOutcome {
  const message = `Deploy ${id} of ${name} is this already. To start it again all the same, pass --restart.`;
  const value = { id, app: name, verdict: 'healthy', message, hosts: [], unchanged: hosts };
  const said = { app: name, id, verdict: 'healthy', message } as const;
  return { said, value, text: lines([message]), exitCode: EXIT_CODES.done, logTail: '' };
}

function moved(expected: string, { revision }: DeployPlan): CliError {
  const message = `The fleet has moved since the plan with revision ${expected}: it is ${revision} now. Nothing was deployed; look at the plan again.`;
  return new CliError('overtaken', message);
}
