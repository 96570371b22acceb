import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { type EtcdVersion, resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';

const program = fileURLToPath(new URL('../helpers/programs/fill-disk.js', import.meta.url));
/** etcd takes two times 64 MB for its log before it has anything to write. */
const mount = 'mount -t tmpfs -o size=150m hawser "$0" && exec "$@"';

/** Runs a command with a small file system of its own at `folder`, which goes with the command. */
async function withSmallDisk(folder: string, command: readonly string[]): Promise<string> {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const args = [...asRoot, '--mount', '--', 'sh', '-c', mount, folder, ...command];
  const { stdout } = await promisify(execFile)('unshare', args, { timeout: 90_000 }).catch((error: Error) => {
    const hint = 'This test mounts a tmpfs in a mount namespace: it needs root, or user namespaces.';
    throw new Error(`${hint} ${error.message}`, { cause: error });
  });
  return stdout;
}

/** With each version of etcd, both at once because each mostly waits for its disk. */
test.serial('a full disk is told as such, and no acknowledged write is lost', async (t) => {
  const said = ['3.4', '3.5'].map(async (version) => {
    await resolveEtcd(version as EtcdVersion);
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-disk-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    return JSON.parse(await withSmallDisk(folder, [process.execPath, program, folder, version]));
  });
  const expected = {
    why: 'disk-full',
    refusal: 'disk-full',
    stillFull: true,
    acknowledged: true,
    lost: [],
  };
  t.deepEqual(await Promise.all(said), [expected, expected]);
});
