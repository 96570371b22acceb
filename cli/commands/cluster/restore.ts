import { Command, Option } from 'commander';
import { DEFAULT_PREFIX } from '../../../agent/constants.js';
import type { Member } from '../../../world/client/member-types.js';
import { type HostFlags, hostsToReach } from '../../agent-access/hosts-to-reach.js';
import type { ReachedHosts, ReachOptions } from '../../agent-access/reached-hosts.js';
import type { RestorePlan } from '../../backup/restore-backup.js';
import type { CommandContext } from '../../command-context.js';
import { CliError } from '../../errors.js';
import { withConnection } from '../../fleet/connection-flags.js';
import type { FleetTarget } from '../../fleet/merge-target.js';
import { duration } from '../../input/parse-flag-values.js';
import { formatBytes } from '../../output/format-quantities.js';
import { lines, printNote, printResult } from '../../output/print.js';
import { writeRemark } from '../../output/write-output.js';
import { confirmChange } from '../../prompts/confirm-change.js';
import type { HostReport } from '../../recover/plan-recovery.js';

interface RestoreFlags extends HostFlags {
  readonly on?: string;
  readonly yes: boolean;
  readonly waitTimeout: number;
}

const STEP_TIMEOUT_MS = 300_000;

/** `hawser restore`: the fleet's data as it was in a backup. */
export function restoreCommand(context: CommandContext): Command {
  return withConnection(
    new Command('restore'),
    'hawser restore fleet.db --ssh-url root@web1 --ssh-url root@web2',
  )
    .description(
      'make a backup the data of the fleet again, as a new generation of it; each --ssh-url (by default each host of the fleet file) is one host',
    )
    .argument('<file>', 'a file that hawser backup has written, or a snapshot of etcd')
    .option('--on <host>', 'host to restore it on; the others join it (default: the first that answers)')
    .option('--prefix <dir>', 'data directory of the agents', DEFAULT_PREFIX)
    .option('-y, --yes', 'assume yes: do not ask for confirmation', false)
    .addOption(
      new Option('--wait-timeout <duration>', 'time limit for the hosts to come back')
        .argParser(duration)
        .default(120_000, '2m'),
    )
    .action((file: string, flags: RestoreFlags) => restore(context, file, flags));
}

async function restore(context: CommandContext, file: string, flags: RestoreFlags): Promise<void> {
  const { signal } = context.interrupts;
  const { target, hosts } = await hostsToReach(flags, signal);
  const [{ ReachedHosts }, { planRestore }] = await Promise.all([
    import('../../agent-access/reached-hosts.js'),
    import('../../backup/restore-backup.js'),
  ]);
  const reaching = { prefix: flags.prefix, timeoutMs: target.timeoutMs, signal };
  await using reached = await ReachedHosts.open(hosts, reaching);
  const reports = await reached.report(reaching);
  if (reports.every(({ trouble }) => trouble?.kind === 'out-of-reach'))
    throw new CliError('unreachable', 'Could not log in to any of the hosts over SSH.');
  const plan = await planRestore(file, reports, flags.on);
  if (!flags.json) writeRemark(lines(describePlan(plan)));
  await confirmChange('Replace the data of the fleet as shown?', { yes: flags.yes, signal });
  const members = await carryOut({ plan, reached, reports, reaching, target, flags });
  const names = members.map(({ name }) => name).sort();
  printResult(
    flags,
    { ...plan, members },
    `The fleet has the data of ${file} again, on ${names.join(', ')}.`,
  );
}

function describePlan({ file, sizeBytes, base, rejoin, later }: RestorePlan): string[] {
  return [
    `${base} starts a new cluster from ${file} (${formatBytes(sizeBytes)}).`,
    ...(rejoin.length > 0 ? [`Then these set their data aside and join it: ${rejoin.join(', ')}.`] : []),
    ...(later.length > 0
      ? [`These cannot be reached now, and join when they meet it: ${later.join(', ')}.`]
      : []),
    'Everything written since the backup is lost; deploys made since are taken back on the hosts.',
  ];
}

interface CarryOut {
  readonly plan: RestorePlan;
  readonly reached: ReachedHosts;
  readonly reports: readonly HostReport[];
  readonly reaching: ReachOptions;
  readonly target: FleetTarget;
  readonly flags: RestoreFlags;
}

/** @returns the voting members of the cluster that is complete again. */
async function carryOut({ plan, ...todo }: CarryOut): Promise<readonly Member[]> {
  const { reached, reaching, flags } = todo;
  const [{ restoreBackup }, { untilHostsAreBack }] = await Promise.all([
    import('../../backup/restore-backup.js'),
    import('../../recover/until-hosts-are-back.js'),
  ]);
  const onStep = (step: string) => printNote(flags, step);
  const seeds = await restoreBackup(plan, reached, { ...reaching, stepTimeoutMs: STEP_TIMEOUT_MS, onStep });
  return untilHostsAreBack({ ...todo, base: plan.base, rejoin: plan.rejoin, seeds, onStep });
}
