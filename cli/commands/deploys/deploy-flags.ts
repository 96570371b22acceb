import { Option } from 'commander';
import type { ClientWorld } from '../../../world/client-world.js';
import type { CommandContext } from '../../command-context.js';
import type { RecordState } from '../../deploy/explain-interruption.js';
import type { DeployOutcome } from '../../deploy/view/deploy-outcome.js';
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

/** What a deploy is recorded or waited for with. */
export interface WatchCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly onRecord: (state: RecordState) => void;
}

/**
 * Does something that ends in a deploy to wait for, and prints how that ended: the verdict on stdout, what the apps said on
 * stderr. Interrupted, it says what the hosts do all the same.
 */
export async function watchDeploy(
  context: CommandContext,
  flags: ConnectionFlags,
  work: (world: ClientWorld, call: WatchCall) => Promise<DeployOutcome>,
  options?: WorkOptions,
): Promise<void> {
  const { sayWhatGoesOn } = await import('../../deploy/explain-interruption.js');
  let record: RecordState | undefined;
  let reach: readonly string[] = [];
  const onRecord = (state: RecordState): void => {
    record = state;
  };
  const run = (world: ClientWorld, call: Omit<WatchCall, 'onRecord'>, target: FleetTarget) => {
    reach = reachFlags(flags, target);
    return work(world, { ...call, onRecord });
  };
  const outcome = await withWorld(context, flags, run, { ...options, asksFleet: true }).catch(
    (error: unknown) => {
      throw sayWhatGoesOn(error, record, reach);
    },
  );
  printResult(flags, outcome.value, outcome.text);
  if (!flags.json && outcome.logTail !== '') writeRemark(lines(logTailLines(outcome.logTail)));
  context.exitCode = outcome.exitCode;
}
