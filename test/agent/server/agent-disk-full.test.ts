import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { LocalAgents } from '../helpers/local-agents.js';

/** etcd keeps two files of 64 MB for its log alone. */
const diskMegabytes = 256;

test.serial(
  'a full disk is reported as what it is, and the host serves its data again when there is space',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const host = await agents.add('h1');
    await mkdir(host.prefix);
    // A disk of its own that goes with the agent, in a mount namespace that needs no root.
    const mount = `mount -t tmpfs -o size=${diskMegabytes}m,mode=700 none '${host.prefix}' && exec "$@"`;
    host.run(host.flags(), {}, ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', mount, 'sh']);
    await agents.voting('h1');
    await agents.client.set('/kept', 'on a full disk');

    const ballast = path.join(`/proc/${host.pid}/root`, host.prefix, 'ballast');
    await fill(ballast);
    const from = host.log.length;
    const ending = new AbortController();
    const writing = writeUntil(agents, ending.signal);
    await host.logged(/no space left|disk.* full/i, from);
    ending.abort();
    await writing;
    t.true(host.isRunning);
    await rm(ballast);
    await agents.voting('h1');
    t.is((await agents.client.get('/kept'))?.value.toString(), 'on a full disk');
    await agents.client.set('/kept', 'with space again');
  },
);

/** Takes all the space that there is. */
async function fill(file: string): Promise<void> {
  await using handle = await open(file, 'w');
  const block = Buffer.alloc(1 << 20);
  for (let size = block.length; size >= 4096; )
    try {
      await handle.write(block, 0, size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      size /= 2;
    }
}

/** A server notices only when it has something to store. */
async function writeUntil(agents: LocalAgents, signal: AbortSignal): Promise<void> {
  const value = Buffer.alloc(100_000, 'x');
  for (let number = 0; !signal.aborted; number += 1)
    await agents.client
      .set(`/much/${number % 50}`, value, { signal, timeoutMs: 2_000 })
      .catch(() => undefined); // what is looked at is the agent
}
