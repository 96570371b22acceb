import { Option } from 'commander';
import type { CommandContext } from '../../command-context.js';
import type { DeployOutcome } from '../../deploy/view/deploy-outcome.js';
import { duration } from '../../input/parse-flag-values.js';
import { lines, logTailLines, type OutputOptions, printResult } from '../../output/print.js';
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

/** Prints how a deploy ended: the verdict on stdout, what the apps said on stderr. */
export function printOutcome(context: CommandContext, flags: OutputOptions, outcome: DeployOutcome): void {
  printResult(flags, outcome.value, outcome.text);
  if (!flags.json && outcome.logTail !== '') writeRemark(lines(logTailLines(outcome.logTail)));
  context.exitCode = outcome.exitCode;
}
