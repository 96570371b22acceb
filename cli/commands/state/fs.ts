import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import type { ClientWorld } from '../../../world/client-world.js';
import type { OnProgress, WorldFs } from '../../../world/fs/world-fs.js';
import { DEFAULT_METADATA_PREFIX } from '../../../world/keys.js';
import type { CommandContext } from '../../command-context.js';
import { type ConnectionFlags, withConnection } from '../../fleet/connection-flags.js';
import { withWorld } from '../../fleet/open-world.js';
import { explainPathErrors } from '../../fs/explain-path-errors.js';
import { drawTree, type Listed, listFolder } from '../../fs/list-folder.js';
import type { Lines } from '../../output/escaped-lines.js';
import { counted, formatBytes } from '../../output/format-quantities.js';
import { formatTable, lines, printResult } from '../../output/print.js';
import { showTransfer } from '../../output/show-transfer.js';
import { writeValueStream } from '../../output/write-output.js';

interface FsFlags extends ConnectionFlags {
  readonly fs?: string;
}

type Call = { readonly signal: AbortSignal; readonly timeoutMs: number };

/** `hawser fs`: files that the whole fleet shares. */
export function fsCommand(context: CommandContext): Command {
  const fs = new Command('fs').description('store files shared by the whole fleet');
  const commands = [fsLs, fsTree, fsCat, fsPut, fsGet, fsRm, fsDu, fsGc];
  for (const command of commands) fs.addCommand(command(context));
  return fs.addHelpText('after', '\nExample:\n  $ hawser fs put ./site /site --ssh-url root@web1');
}

function fsLs(context: CommandContext): Command {
  return withFs('ls', 'hawser fs ls -l / --ssh-url root@web1')
    .description('list a directory')
    .argument('[path]', 'path in the shared file system', '/')
    .option('-l, --long', 'show type, permissions, size and time', false)
    .action(async (at: string, flags: FsFlags & { long: boolean }) => {
      await onFs(context, flags, async (fs, call) => {
        const listed = await listFolder(fs, at, call);
        const names = listed.map(({ name, type }) => (type === 'directory' ? `${name}/` : name));
        printResult(flags, listed, flags.long ? longList(listed) : lines(names));
      });
    });
}

function longList(listed: readonly Listed[]): Lines | string {
  if (listed.length === 0) return '';
  const rows = listed.map(({ name, type, mode, sizeBytes, changedAt }) => [
    type,
    mode,
    String(sizeBytes),
    changedAt,
    name,
  ]);
  return formatTable(['type', 'mode', 'bytes', 'changed', 'name'], rows);
}

function fsTree(context: CommandContext): Command {
  return withFs('tree', 'hawser fs tree / --ssh-url root@web1')
    .description('list a directory and everything below it')
    .argument('[path]', 'path in the shared file system', '/')
    .action(async (at: string, flags: FsFlags) => {
      await onFs(context, flags, async (fs, call) => {
        const listed = await listFolder(fs, at, call, true);
        printResult(flags, listed, lines(drawTree(listed)));
      });
    });
}

function fsCat(context: CommandContext): Command {
  return withFs('cat', 'hawser fs cat /motd --ssh-url root@web1')
    .description('print a file')
    .argument('<path>', 'path in the shared file system')
    .action(async (at: string, flags: FsFlags) => {
      await onFs(context, flags, (fs, call) => toStdout(fs, at, call));
    });
}

function fsPut(context: CommandContext): Command {
  return withFs('put', 'hawser fs put ./site /site --ssh-url root@web1')
    .description('copy a file or directory into the shared file system; - reads standard input')
    .argument('<local>', 'file or directory on this machine')
    .argument('<path>', 'destination; into an existing directory, a directory is merged and a file is copied')
    .action(async (local: string, at: string, flags: FsFlags) => {
      await onFs(context, flags, async (fs, call) => {
        if (local === '-') return fs.writeFile(at, process.stdin, call);
        const target = (await isFile(local))
          ? await inFolder(fs, at, { name: path.basename(local), call })
          : at;
        const copied = await shown('Uploading', flags, (onProgress) =>
          fs.copyIn(local, target, { ...call, onProgress }),
        );
        const [sent, all] = [copied.uploadedBytes, copied.sizeBytes].map(formatBytes);
        printResult(
          flags,
          { path: target, ...copied },
          `Uploaded ${sent} of ${all} in ${counted(copied.files, 'file')}.`,
        );
      });
    });
}

/** Shows the progress while it copies. */
async function shown<T>(
  label: string,
  flags: FsFlags,
  copy: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  using progress = showTransfer('copy', label, flags);
  return await copy(progress.show);
}

function fsGet(context: CommandContext): Command {
  return withFs('get', 'hawser fs get /site ./site --ssh-url root@web1')
    .description('copy a file or directory out of the shared file system; - writes to standard output')
    .argument('<path>', 'path in the shared file system')
    .argument(
      '<local>',
      'destination; into an existing directory, a directory is merged and a file is copied',
    )
    .action(async (at: string, local: string, flags: FsFlags) => {
      await onFs(context, flags, async (fs, call) => {
        if (local === '-') return toStdout(fs, at, call);
        const copied = await shown('Fetching', flags, (onProgress) =>
          fs.copyOut(at, local, { ...call, onProgress }),
        );
        const { local: target, files, sizeBytes } = copied;
        printResult(
          flags,
          { local: target, files, sizeBytes },
          `Wrote ${formatBytes(sizeBytes)} in ${counted(files, 'file')}.`,
        );
      });
    });
}

function fsRm(context: CommandContext): Command {
  return withFs('rm', 'hawser fs rm -r /site --ssh-url root@web1')
    .description('delete a file, or a directory with -r')
    .argument('<path>', 'path in the shared file system')
    .option('-r, --recursive', 'delete directories and everything in them', false)
    .action(async (at: string, flags: FsFlags & { recursive: boolean }) => {
      await onFs(context, flags, (fs, call) => fs.rm(at, { ...call, recursive: flags.recursive }));
      printResult(flags, { path: at }, '');
    });
}

function fsDu(context: CommandContext): Command {
  return withFs('du', 'hawser fs du / --ssh-url root@web1')
    .description('show disk usage and how full etcd is')
    .argument('[path]', 'path in the shared file system', '/')
    .action(async (at: string, flags: FsFlags) => {
      await onFs(context, flags, async (fs, call, world) => {
        const { files, sizeBytes } = await fs.size(at, call);
        const usage = await world.fsUsage(call);
        const { dbSizeBytes, quotaBytes, isFull, blocks } = usage;
        const share = Math.round((dbSizeBytes / quotaBytes) * 100);
        const said = [
          `${formatBytes(sizeBytes)} in ${counted(files, 'file')} at ${at} of ${fs.uri}`,
          `${formatBytes(dbSizeBytes)} in etcd's database with ${counted(blocks, 'block')}: ${share} % of the quota of ${formatBytes(quotaBytes)}`,
          "(the quota shown is etcd's default: servers before etcd 3.6 do not report their own --quota-backend-bytes)",
        ];
        if (isFull) {
          said.push(
            'etcd is full and accepts no writes: free blocks (hawser deploys prune, hawser fs gc) or raise --quota-backend-bytes on every server, then run hawser members defrag',
          );
        }
        printResult(flags, { path: at, files, sizeBytes, ...usage }, lines(said));
      });
    });
}

function fsGc(context: CommandContext): Command {
  return withConnection(new Command('gc'), 'hawser fs gc --ssh-url root@web1')
    .description('delete blocks that no file system and no deploy references (safe while others write)')
    .action(async (flags: ConnectionFlags) => {
      const swept = await withWorld(context, flags, (world, call) => world.fsGc(call));
      const spared = swept.spared === 0 ? '' : `, skipped ${swept.spared} of an upload in progress`;
      const trees = swept.trees === 0 ? '' : ` and ${counted(swept.trees, 'tree')} of deploys that are gone`;
      printResult(
        flags,
        swept,
        `Freed ${counted(swept.freed, 'block')}${trees}, kept ${swept.kept}${spared}.`,
      );
    });
}

function withFs(name: string, example: string): Command {
  return withConnection(new Command(name), example).option(
    '--fs <name>',
    'file system to use, by name or URI (default: shared, which is etcdfs:///fs/shared)',
  );
}

/** Runs `work` on the file system of the flags. @throws CliError for a wrong path */
async function onFs(
  context: CommandContext,
  flags: FsFlags,
  work: (fs: WorldFs, call: Call, world: ClientWorld) => Promise<void>,
): Promise<void> {
  await withWorld(context, flags, async (world, call) => {
    const name = flags.fs ?? world.uri();
    const fs = world.fs(name.includes('://') ? name : `etcdfs://${DEFAULT_METADATA_PREFIX}/${name}`);
    await explainPathErrors(fs, () => work(fs, call, world));
  });
}

async function toStdout(fs: WorldFs, at: string, call: Call): Promise<void> {
  await writeValueStream(fs.readStream(at, call));
}

async function inFolder(
  fs: WorldFs,
  at: string,
  { name, call }: { name: string; call: Call },
): Promise<string> {
  if (at.endsWith('/')) return `${at}${name}`;
  const stats = await fs.stat(at, call).catch(ifAbsent);
  return stats?.isDirectory() === true ? `${at}/${name}` : at;
}

async function isFile(local: string): Promise<boolean> {
  return (await stat(local)).isFile();
}

/** Only a missing path is no failure. */
function ifAbsent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
