import { Command, Option } from 'commander';
import { DEFAULT_PREFIX } from '../../../agent/constants.js';
import type { Member } from '../../../world/client/member-types.js';
import { type HostFlags, hostsToReach } from '../../agent-access/hosts-to-reach.js';
import type { ReachedHosts, ReachOptions } from '../../agent-access/reached-hosts.js';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { withConnection } from '../../fleet/connection-flags.js';
import type { FleetTarget } from '../../fleet/merge-target.js';
import { duration } from '../../input/parse-flag-values.js';
import { counted } from '../../output/format-quantities.js';
import { lines, printNote, printResult } from '../../output/print.js';
import { writeResult } from '../../output/write-output.js';
import type { ActionPlan } from '../../recover/carry-out-recovery.js';
import type { HostReport, RecoveryPlan } from '../../recover/plan-recovery.js';

interface RecoverFlags extends HostFlags {
  readonly yes: boolean;
  readonly waitTimeout: number;
}

const STEP_TIMEOUT_MS = 90_000;

/** `hawser members recover`: a cluster again, from what is left of it. */
export function recoverCommand(context: CommandContext): Command {
  return withConnection(
    new Command('recover'),
    'hawser members recover --ssh-url root@web1 --ssh-url root@web2',
  )
    .description(
      'rebuild a cluster that has permanently lost its quorum: show what each host has, and rebuild from the best one; each --ssh-url (by default each host of the fleet file, or of `hosts` in hawser.yaml) is one host',
    )
    .argument('[hosts]', 'hosts of the fleet file: names, globs, labels or all, comma-separated')
    .option('--prefix <dir>', 'data directory of the agents', DEFAULT_PREFIX)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .addOption(
      new Option('--wait-timeout <duration>', 'time limit for the hosts to come back')
        .argParser(duration)
        .default(120_000, '2m'),
    )
    .action((selection: string | undefined, flags: RecoverFlags) => recover(context, flags, selection));
}

async function recover(context: CommandContext, flags: RecoverFlags, selection?: string): Promise<void> {
  const { signal } = context.interrupts;
  const { target, hosts } = await hostsToReach(flags, signal, selection);
  const [{ ReachedHosts }, { planRecovery }, { formatPlan, formatReports }] = await Promise.all([
    import('../../agent-access/reached-hosts.js'),
    import('../../recover/plan-recovery.js'),
    import('../../recover/format-recovery.js'),
  ]);
  const reaching = { prefix: flags.prefix, timeoutMs: target.timeoutMs, signal };
  await using reached = await ReachedHosts.open(hosts, reaching);
  const reports = await reached.report(reaching);
  const plan = planRecovery(reports);
  const steps = formatPlan(plan, reports);
  if (!flags.json) writeResult(lines([formatReports(reports), ...(steps === '' ? [] : ['', steps])]));
  let members: readonly Member[] | undefined;
  try {
    if (reports.every(({ trouble }) => trouble?.kind === 'out-of-reach')) {
      throw new CliError('unreachable', 'Could not log in to any of the hosts over SSH.');
    }
    const action = await agreed(plan, flags, signal);
    members = await act({ action, reached, reports, reaching, target, flags });
  } finally {
    const outcome = members === undefined ? { recovered: false } : { recovered: true, members };
    const names = members?.map(({ name }) => name).sort() ?? [];
    const text =
      members && `The cluster is working again: ${counted(names.length, 'server')} (${names.join(', ')}).`;
    printResult(flags, { hosts: reports, plan, ...outcome }, text ?? '');
  }
}

/** @throws CliError when there is nothing to do, or nobody confirms it. */
async function agreed(plan: RecoveryPlan, flags: RecoverFlags, signal: AbortSignal): Promise<ActionPlan> {
  if (plan.kind === 'nothing') {
    throw new CliError('has-quorum', 'The cluster has a quorum: there is nothing to recover.');
  }
  if (plan.kind === 'impossible') throw new CliError('impossible', plan.reason);
  const question = plan.kind === 'rebuild' ? 'Rebuild the cluster as shown?' : 'Finish the recovery?';
  const { confirmChange } = await import('../../prompts/confirm-change.js');
  await confirmChange(question, { yes: flags.yes, signal });
  return plan;
}

interface Action {
  readonly action: ActionPlan;
  readonly reached: ReachedHosts;
  readonly reports: readonly HostReport[];
  readonly reaching: ReachOptions;
  readonly target: FleetTarget;
  readonly flags: RecoverFlags;
}

/** @returns the voting members of the cluster that is complete again. */
async function act({ action, ...todo }: Action): Promise<readonly Member[]> {
  const { reached, reaching, flags } = todo;
  const [{ carryOutRecovery }, { untilHostsAreBack }] = await Promise.all([
    import('../../recover/carry-out-recovery.js'),
    import('../../recover/until-hosts-are-back.js'),
  ]);
  const onStep = (step: string) => printNote(flags, step);
  const limits = { ...reaching, stepTimeoutMs: STEP_TIMEOUT_MS, onStep };
  const seeds = await carryOutRecovery(action, reached, limits);
  return untilHostsAreBack({ ...todo, base: action.base, rejoin: action.rejoin, seeds, onStep });
}
