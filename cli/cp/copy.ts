import { lstat, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { inParallel } from '../../base/in-parallel.js';
import { TunnelError } from '../../tunnel/errors.js';
import { SftpFiles } from '../../tunnel/sftp/sftp-files.js';
import type { Tunnel } from '../../tunnel/tunnel.js';
import { isErrno } from '../../world/fs/copy/local-folder.js';
import { CliError } from '../errors.js';
import type { ChosenHost } from '../hosts/choose-hosts.js';
import { HostConnections } from '../hosts/host-connections.js';
import { counted, formatBytes } from '../output/format-quantities.js';
import { logTo, type OutputOptions, printNote, printResult } from '../output/print.js';
import { onReaderGone } from '../output/write-output.js';
import { download } from './download.js';
import { type LocalTree, listLocalTree } from './list-local-tree.js';
import { listRemoteTree } from './list-remote-tree.js';
import type { RemoteFiles } from './remote-files.js';
import { ShellFiles } from './shell-files.js';
import { TransferProgress } from './transfer-progress.js';
import { upload } from './upload.js';

/** So many hosts at a time: more would only share the same line. */
const HOSTS_AT_ONCE = 16;

/** How often copying goes on after the connection was lost and nothing more had arrived. */
const MOST_TRIES = 4;

/** What `hawser cp` is asked for. */
export interface CopyRequest extends OutputOptions {
  readonly direction: 'to hosts' | 'from hosts';
  readonly sources: readonly string[];
  readonly to: string;
  readonly hosts: readonly ChosenHost[];
}

interface Copied {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Copies files to hosts or from them. One host does not wait for another, nor fail with it.
 * @throws what the only host fails with; of several CliError `failed`
 */
export async function copy(request: CopyRequest, signal: AbortSignal): Promise<void> {
  const { sources, hosts, direction } = request;
  const trees = direction === 'to hosts' ? await Promise.all(sources.map(listLocalTree)) : [];
  requireDifferentNames(trees);
  for (const left of trees.flatMap(({ leftOut }) => leftOut))
    printNote(request, `hawser: ${left} was left out: it is a pipe, a socket or a device.`);
  // Whoever reads how it goes may stop: the files are to be copied all the same.
  const unread = new AbortController();
  onReaderGone((why) => unread.abort(why));
  const failures = new Map<string, Error>();
  await using connections = new HostConnections(logTo(request));
  await inParallel(hosts, HOSTS_AT_ONCE, async (host) => {
    try {
      const { files, bytes } = await copyOfHost(host, { request, trees, connections, signal });
      const text = `${host.name}: ${counted(files, 'file')}, ${formatBytes(bytes)}`;
      printResult(request, { hostname: host.name, files, bytes }, text);
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Error ? error : new Error(String(error));
      failures.set(host.name, problem);
      if (request.json) printResult(request, { hostname: host.name, error: problem.message }, '');
      else if (hosts.length > 1) printNote(request, `hawser: ${host.name}: ${problem.message}`);
    }
  });
  signal.throwIfAborted();
  if (unread.signal.reason instanceof CliError) throw unread.signal.reason;
  const [first] = failures.values();
  if (first === undefined) return;
  if (hosts.length === 1) throw first;
  const told = Object.fromEntries([...failures].map(([name, { message }]) => [name, message]));
  const message = `Copying failed on ${failures.size} of ${hosts.length} hosts: ${[...failures.keys()].join(', ')}. The same command goes on where it stopped.`;
  throw new CliError('failed', message, { hosts: told });
}

interface Copying {
  readonly request: CopyRequest;
  readonly trees: readonly LocalTree[];
  readonly connections: HostConnections;
  readonly signal: AbortSignal;
}

/** Goes on where the connection was lost, as long as each attempt gets further. */
async function copyOfHost(host: ChosenHost, copying: Copying): Promise<Copied> {
  await using share = await copying.connections.open(host, copying.signal);
  using progress = new TransferProgress(host.name, copying.request.json);
  let furthest = -1;
  for (let tries = 1; ; tries += 1) {
    try {
      return await copyOnce(share.tunnel, host.name, progress, copying);
    } catch (error) {
      copying.signal.throwIfAborted();
      const isLost = error instanceof TunnelError && ['outcome-unknown', 'closed'].includes(error.code);
      if (!isLost) throw error;
      if (progress.bytes > furthest) tries = 1;
      furthest = Math.max(furthest, progress.bytes);
      if (tries >= MOST_TRIES) throw error;
    }
  }
}

async function copyOnce(
  tunnel: Tunnel,
  hostname: string,
  progress: TransferProgress,
  { request, trees, signal }: Copying,
): Promise<Copied> {
  await using files = await openFiles(tunnel, hostname, signal);
  const common = { files, hostname, onBytes: progress.add, signal };
  if (request.direction === 'to hosts') {
    const all = trees.flatMap(({ entries }) => entries);
    progress.begin(sizeOf(all));
    await upload(trees, request.to, common);
    return { files: countOf(all), bytes: sizeOf(all) };
  }
  const found = await Promise.all(request.sources.map((source) => listRemoteTree(source, common)));
  requireDifferentNames(found);
  const all = found.flatMap(({ entries }) => entries);
  progress.begin(sizeOf(all));
  const to = await placeFor(request, hostname, found.length);
  for (const tree of found) {
    for (const left of tree.leftOut) printNote(request, `hawser: ${hostname}: Left out: ${left}.`);
    await download(tree, to, common);
  }
  return { files: countOf(all), bytes: sizeOf(all) };
}

/** @throws CliError `usage` where one source would replace another in the directory that they go to */
function requireDifferentNames(trees: readonly Pick<LocalTree, 'name'>[]): void {
  const names = trees.map(({ name }) => name.toString('latin1'));
  const twice = trees.find((_, index) => names.indexOf(names[index] ?? '') !== index);
  if (twice === undefined) return;
  const message = `Several sources are called ${twice.name}, and one would replace the other. Copy them one by one.`;
  throw new CliError('usage', message);
}

/** Each of several hosts gets a directory of its own. */
async function placeFor({ to, hosts }: CopyRequest, hostname: string, sources: number): Promise<string> {
  if (hosts.length > 1) {
    const own = path.join(to, hostname.replace(/[^\w.@:+-]/g, '_').replace(/^\.+/, '_'));
    await mkdir(to, { recursive: true });
    await makeOwnFolder(own);
    return own;
  }
  if (sources > 1) await mkdir(to, { recursive: true });
  return to;
}

/** @throws CliError `failed` where something else is there: whoever may write there could have made it a link */
async function makeOwnFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error;
  });
  if ((await lstat(folder)).isDirectory()) return;
  const message = `Could not write below ${folder}: it is no directory here, and links are not followed.`;
  throw new CliError('failed', message);
}

/** By SFTP, or where sshd has none by commands. */
async function openFiles(tunnel: Tunnel, hostname: string, signal: AbortSignal): Promise<RemoteFiles> {
  try {
    return await SftpFiles.open(tunnel, signal);
  } catch (error) {
    const hasNone = error instanceof TunnelError && error.code === 'exec-refused';
    if (!hasNone) throw error;
    return new ShellFiles(tunnel, hostname, signal);
  }
}

function sizeOf(entries: LocalTree['entries']): number {
  return entries.reduce((sum, { type, sizeBytes }) => sum + (type === 'file' ? sizeBytes : 0), 0);
}

function countOf(entries: LocalTree['entries']): number {
  return entries.filter(({ type }) => type !== 'directory').length;
}
