import { Option } from 'commander';
import type { ClientWorld } from '../../../world/client-world.js';
import type { DeployWitness } from '../../ci/deploy-witness.js';
import type { CommandContext } from '../../command-context.js';
import type { RecordState } from '../../deploy/explain-interruption.js';
import type { DeployOutcome } from '../../deploy/view/deploy-outcome.js';
import type { WatchedEntry } from '../../deploy/view/report-progress.js';
import type { DeployProgress } from '../../deploy/view/wait-for-deploy.js';
import type { ConnectionFlags } from '../../fleet/connection-flags.js';
import type { FleetTarget } from '../../fleet/merge-target.js';
import { type WorkOptions, withWorld } from '../../fleet/open-world.js';
import { reachFlags } from '../../fleet/reach-flags.js';
import { duration } from '../../input/parse-flag-values.js';
import { lines, logTailLines, printResult } from '../../output/print.js';
import { writeRemark } from '../../output/write-output.js';

const DEFAULT_WAIT_MS = 900_000;

/** How long to wait for the hosts. */
export function waitTimeoutOption(): Option {
  return new Option('--wait-timeout <duration>', 'time limit for the hosts to become healthy')
    .argParser(duration)
    .default(DEFAULT_WAIT_MS, '15m');
}

export function signOption(): Option {
  return new Option(
    '--sign <key>',
    'sign the deploy with an SSH key: a private key, a .pub file of a key in the SSH agent, or "agent" for its only key',
  );
}

/** Where to write a JUnit report. */
export function junitOption(): Option {
  return new Option('--junit <file>', 'write how the deploy ended as a JUnit report, also if it fails');
}

/** What a deploy is recorded or waited for with. */
export interface WatchCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly onRecord: (state: RecordState) => void;
  readonly onLook: (entry: WatchedEntry, progress: DeployProgress) => void;
}

/** What ends in a deploy to wait for. */
export type WatchedWork = (world: ClientWorld, call: WatchCall) => Promise<DeployOutcome>;

interface WatchOptions extends WorkOptions {
  /** What it is called in reports, such as `deploys wait`. */
  readonly command: string;
}

/**
 * Does something that ends in a deploy to wait for, and prints how that ended: the verdict on stdout, what the apps said on
 * stderr. Interrupted, it says what the hosts do all the same.
 *
 * @param begin what comes before the fleet is asked, such as reading the directory of an app
 */
export async function watchDeploy(
  context: CommandContext,
  flags: ConnectionFlags & { readonly junit?: string },
  begin: () => Promise<WatchedWork>,
  { command, ...options }: WatchOptions,
): Promise<void> {
  const { DeployWitness } = await import('../../ci/deploy-witness.js');
  const witness = await DeployWitness.begin({ ...flags, command });
  const outcome = await watched(context, flags, { begin, witness, options }).catch(async (error: unknown) => {
    witness.closeGroup();
    await witness.failed(error);
    throw error;
  });
  witness.closeGroup();
  printResult(flags, outcome.value, outcome.text);
  if (!flags.json && outcome.logTail !== '') writeRemark(lines(logTailLines(outcome.logTail)));
  context.exitCode = outcome.exitCode;
  await witness.ended(outcome);
}

interface Watching {
  readonly begin: () => Promise<WatchedWork>;
  readonly witness: DeployWitness;
  readonly options: WorkOptions;
}

async function watched(
  context: CommandContext,
  flags: ConnectionFlags,
  { begin, witness, options }: Watching,
): Promise<DeployOutcome> {
  const { sayWhatGoesOn } = await import('../../deploy/explain-interruption.js');
  let record: RecordState | undefined;
  let reach: readonly string[] = [];
  const more = {
    onRecord: (state: RecordState): void => {
      record = state;
    },
    onLook: (entry: WatchedEntry, progress: DeployProgress) => witness.look(entry, progress),
  };
  const work = await begin();
  const run = (world: ClientWorld, call: Pick<WatchCall, 'signal' | 'timeoutMs'>, target: FleetTarget) => {
    reach = reachFlags(flags, target);
    return work(world, { ...call, ...more });
  };
  return await withWorld(context, flags, run, { ...options, asksFleet: true }).catch((error: unknown) => {
    throw sayWhatGoesOn(error, record, reach);
  });
}
