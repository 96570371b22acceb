import { execFile } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { raiseGeneration, verifySnapshot } from '../../world/internal.js';
import { AgentError } from '../errors.js';
import { findProgram } from '../processes/child-process.js';
import type { RebuildContext } from './rebuild-cluster.js';
import type { ServerLauncher } from './server/server-launcher.js';

const READY_MS = 60_000;

/** etcd 3.6 has only `etcdutl` for it, 3.4 only `etcdctl`. */
const TOOLS = ['etcdutl', 'etcdctl'];

/**
 * Makes a snapshot of etcd this host's data, as a cluster of one. What was there is moved aside first, and the fleet
 * gets a new generation, which distinguishes it from servers that still have the data of before.
 *
 * @throws AgentError `invalid` on a host without a server, or without the program that restores; `failed` if that
 * refuses the snapshot; WorldError `unavailable` for a snapshot that is damaged. Nothing was changed then.
 */
export async function restoreCluster(
  context: RebuildContext,
  snapshot: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const { hostname, server, launcher, folder, connections, world } = context;
  if (server === undefined || launcher === undefined)
    throw new AgentError('invalid', `${hostname} runs no etcd server.`);
  const [file, restored] = ['restore.db', 'restored'].map((name) => path.join(folder.folder, name)) as [
    string,
    string,
  ];
  try {
    await rm(file, { force: true });
    await pipeline(verifySnapshot(snapshot), createWriteStream(file, { flags: 'wx', mode: 0o600 }), {
      signal,
    });
    await rm(restored, { recursive: true, force: true });
    await unpack(
      hostname,
      launcher,
      { file, restored, serverUrls: launcher.addresses.advertisedServerUrls },
      signal,
    );
    await server.startWith(() => folder.exchange(restored));
  } finally {
    await rm(file, { force: true });
    await rm(restored, { recursive: true, force: true });
  }
  try {
    const call = { signal, timeoutMs: READY_MS };
    await server.process?.ready(call);
    await using client = connections.toAny([launcher.addresses.localEndpoint]);
    const fleet = await raiseGeneration(client, call, folder.fleet);
    await folder.rememberFleet(fleet);
    world.client.knowFleet(fleet);
  } catch (error) {
    // Without a generation of its own it would pass for the cluster that the others still are.
    await server.startWith(() => folder.undoRestore());
    throw error;
  }
  await folder.keepRestored();
}

interface Unpacking {
  readonly file: string;
  readonly restored: string;
  readonly serverUrls: readonly string[];
}

async function unpack(
  hostname: string,
  { program, environment }: ServerLauncher,
  { file, restored, serverUrls }: Unpacking,
  signal: AbortSignal,
): Promise<void> {
  const tool = findTool(program, environment);
  if (tool === undefined) {
    const message = `${hostname} has neither etcdutl nor etcdctl, which restore a snapshot: install etcd-client there (Debian and Ubuntu: apt-get install etcd-client).`;
    throw new AgentError('invalid', message);
  }
  const args = [
    ...['snapshot', 'restore', file, '--data-dir', restored, '--name', hostname],
    ...['--initial-cluster', serverUrls.map((url) => `${hostname}=${url}`).join(',')],
    ...['--initial-advertise-peer-urls', serverUrls.join(',')],
  ];
  try {
    await promisify(execFile)(tool, args, { env: { ...environment, ETCDCTL_API: '3' }, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    const [said = message] = stderr.trim().split('\n').slice(-1);
    throw new AgentError('server-failed', `${tool} cannot restore the snapshot: ${said}.`, { cause: error });
  }
}

/** Beside etcd itself, else on the PATH. */
function findTool(etcd: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  const beside = TOOLS.map((name) => path.join(path.dirname(etcd ?? '/'), name)).filter(existsSync);
  const found = TOOLS.map((name) => findProgram(name, environment['PATH']));
  return [...beside, ...found].find((tool) => tool !== undefined);
}
