import { Command } from 'commander';
import type { Log } from '../../../base/log.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { type DefragResult, defragMembers } from '../../../world/cluster/defrag-members.js';
import { WorldError } from '../../../world/errors.js';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { etcdUser } from '../../fleet/etcd-user.js';
import { MemberClients, type OpenAt } from '../../fleet/member-clients.js';
import type { FleetTarget } from '../../fleet/merge-target.js';
import { openWorld } from '../../fleet/open-world.js';
import { resolveTarget } from '../../fleet/resolve-target.js';
import type { Lines } from '../../output/escaped-lines.js';
import { formatBytes } from '../../output/format-quantities.js';
import { formatTable, lines, logTo, printNote, printResult } from '../../output/print.js';
import { warnOfOtherVersions } from '../../versions/warn-of-other-versions.js';

/** `hawser members defrag`: free space in etcd. */
export function defragCommand(context: CommandContext): Command {
  return withConnection(new Command('defrag'), 'hawser members defrag --ssh-url root@web1')
    .description('free space in etcd: compact and defragment it, then clear the NOSPACE alarm')
    .addHelpText(
      'after',
      '\nMembers are defragmented one at a time, the leader last; each stops answering for a few seconds.\nRun hawser deploys prune and hawser fs gc first, so that there is something to free.',
    )
    .action(async (flags: ConnectionFlags) => {
      const { signal } = context.interrupts;
      const target = await resolveTarget(flags);
      const log = logTo(flags);
      await using world = await openWorld(target, log, signal);
      using _ = warnOfOtherVersions(world, log);
      const openAt = await sameWay(world, target, log, signal);
      await using clients = new MemberClients(target, openAt, signal);
      const result = await defragMembers(world.client, {
        signal,
        timeoutMs: target.timeoutMs,
        reach: (member) => clients.reach(member),
        onMember: ({ name }) => printNote(flags, `Defragmenting ${name} …`),
      });
      printResult(flags, { ...result, compactedAt: String(result.compactedAt) }, describe(result));
      refuseUnlessDone(result);
    });
}

/** Reaches other addresses the way the World is reached: through its tunnel, if it has one. */
async function sameWay(
  world: ClientWorld,
  { tls, user: userConfig, namespace, hostname, fleetId: fleet, ...target }: FleetTarget,
  log: Log,
  signal: AbortSignal,
): Promise<OpenAt> {
  const user = etcdUser(userConfig, { canAsk: target.canAskPassword === true, signal });
  const shared = { tls, user, namespace, hostname, fleet, log };
  if (target.sshUrls.length > 0) {
    const { SshWorld } = await import('../../../world/ssh-world.js');
    if (world instanceof SshWorld)
      return (url) =>
        SshWorld.open({ ...shared, seeds: [url], tunnel: world.tunnel }, { signal, lazy: true });
  }
  const { EtcdWorld } = await import('../../../world/etcd-world.js');
  return async (url) => EtcdWorld.create({ ...shared, seeds: [url] });
}

function describe({ members, alarm }: DefragResult): Lines {
  const rows = members.map(({ name, beforeBytes = 0, afterBytes = 0, skipped }) =>
    skipped === undefined ? [name, formatBytes(beforeBytes), formatBytes(afterBytes)] : [name, '-', '-'],
  );
  const disarmed = 'The NOSPACE alarm is cleared: etcd accepts writes again.';
  return lines([formatTable(['NAME', 'BEFORE', 'AFTER'], rows), ...(alarm === 'disarmed' ? [disarmed] : [])]);
}

/** @throws WorldError `no-space` when etcd is still full, `unavailable` naming the members that were left out. */
function refuseUnlessDone({ members, alarm }: DefragResult): void {
  if (alarm === 'no-room') {
    const message =
      'etcd is still full, so it accepts no writes. Free more space (hawser deploys prune, hawser fs gc) and run this again, or ' +
      'raise --quota-backend-bytes on every server, restart the servers one at a time, and run this again.';
    throw new WorldError('no-space', message);
  }
  const skipped = members.flatMap((member) => member.skipped ?? []);
  if (skipped.length > 0) throw new WorldError('unavailable', skipped.join(' '));
}
