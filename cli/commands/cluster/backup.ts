import { Command } from 'commander';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { formatBytes } from '../../output/format-quantities.js';
import { printResult } from '../../output/print.js';

interface BackupFlags extends ConnectionFlags {
  readonly force: boolean;
}

/** `hawser backup`: etcd's data in a file on this machine. */
export function backupCommand(context: CommandContext): Command {
  return withConnection(new Command('backup'), 'hawser backup fleet.db --ssh-url root@web1')
    .description("save the fleet's etcd data to a file on this machine, checked and readable only by you")
    .argument('<file>', 'file to write')
    .option('--force', 'replace the file if it exists', false)
    .action(async (file: string, flags: BackupFlags) => {
      const { saveBackup } = await import('../../backup/save-backup.js');
      const saved = await withWorld(context, flags, ({ client }, call) =>
        saveBackup(client, file, { ...call, force: flags.force }),
      );
      const text = `Saved ${formatBytes(saved.sizeBytes)} to ${saved.file}, up to revision ${saved.revision}.`;
      printResult(flags, saved, text);
    });
}
