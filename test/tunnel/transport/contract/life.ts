import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { TunnelError } from '../../../../tunnel/index.js';
import { waitUntil } from '../../../fixtures/helpers/wait-until.js';
import { MovableClock } from '../../helpers/movable-clock.js';
import { resolved } from '../../helpers/resolved.js';
import { Sshd } from '../../helpers/sshd.js';
import { Target } from '../../helpers/target.js';
import { closing, connected, type Dial, never, readAll } from './connected.js';

/** Of our own, for other programs make directories like ours in the common one. */
const temporaryFolder = mkdtempSync(join(tmpdir(), 'contract-'));
process.env['TMPDIR'] = temporaryFolder;
test.after.always(() => rmSync(temporaryFolder, { recursive: true }));

export function testLife(dial: Dial): void {
  test.serial('a connection that the host drops is noticed, with all of its channels', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    await using link = await connected(dial, resolved(sshd));
    const channel = (await link.open(target.address)).resume();
    const closed = closing(channel);
    await sshd.killConnections();
    t.is((await link.link.closed).code, 'unreachable');
    await closed;
    const error = await t.throwsAsync(link.open(target.address), { instanceOf: TunnelError });
    t.is(error.code, 'closed');
  });

  test.serial('a host that falls silent is given up, and closing does not wait for it', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    const options = { keepaliveIntervalMs: 200, keepaliveCountMax: 2 };
    await using link = await connected(dial, resolved(sshd), options);
    const channel = (await link.open(target.address)).resume();
    const channelClosed = closing(channel);
    await sshd.freeze();
    const reason = await link.link.closed;
    t.is(reason.code, 'unreachable');
    t.regex(reason.message, /stopped answering/);
    await channelClosed;
  });

  test.serial('a host that answers probes and nothing else is kept', async (t) => {
    await using sshd = await Sshd.start(['LogLevel DEBUG1']);
    await using target = await Target.start();
    const options = { keepaliveIntervalMs: 100, keepaliveCountMax: 1 };
    await using link = await connected(dial, resolved(sshd), options);
    const isProbe = (line: string) => / (rtype keepalive@openssh\.com|ctype probe@hawser) /.test(line);
    const probed = waitUntil('ten probes came', () => sshd.log.filter(isProbe).length >= 10);
    await Promise.race([probed, link.link.closed.then((reason) => Promise.reject(reason))]);
    t.is(String(await readAll((await link.open(target.address)).end('alive'))), 'alive');
  });

  test.serial(
    'after sleep a host that is gone is given up in seconds, however patient the keepalive is',
    async (t) => {
      await using sshd = await Sshd.start();
      const clock = new MovableClock();
      const options = { keepaliveIntervalMs: 60_000, clock };
      await using link = await connected(dial, resolved(sshd), options);
      await sshd.freeze();
      clock.sleep(3_600);
      clock.wait(4);
      t.regex((await link.link.closed).message, /stopped answering/);
    },
  );

  test.serial('after sleep a host that answers is kept', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    const clock = new MovableClock();
    await using link = await connected(dial, resolved(sshd), { keepaliveIntervalMs: 60_000, clock });
    clock.sleep(3_600);
    t.is(String(await readAll((await link.open(target.address)).end('awake'))), 'awake');
    clock.wait(10);
    t.is(String(await readAll((await link.open(target.address)).end('still'))), 'still');
  });

  test.serial('connecting, and opening a channel, can be aborted while the host says nothing', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    const reason = new Error('enough');
    const before = leftovers();
    await using link = await connected(dial, resolved(sshd), { keepaliveIntervalMs: 60_000 });
    await sshd.freeze();
    const opening = new AbortController();
    const channel = link.link.openChannel(target.address, { signal: opening.signal });
    opening.abort(reason);
    t.is(await t.throwsAsync(channel), reason);
    const dialling = new AbortController();
    const another = dial(resolved(sshd), { signal: dialling.signal });
    setImmediate(() => dialling.abort(reason));
    t.is(await t.throwsAsync(another), reason);
    t.is(await t.throwsAsync(dial(resolved(sshd), { signal: AbortSignal.abort(reason) })), reason);
    await link.link.close();
    t.deepEqual(leftovers(), before);
  });

  test.serial('a closed connection leaves nothing', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    const before = leftovers();
    const link = await dial(resolved(sshd));
    const channel = await link.openChannel(target.address, { signal: never });
    channel.resume();
    await Promise.all([link.close(), link.close()]);
    t.is((await link.closed).code, 'closed');
    await link.close();
    await waitUntil('no connection is left', () => target.sockets.size === 0);
    t.deepEqual(leftovers(), before);
  });
}

/** What a connection could leave behind: private directories, sockets, child processes. */
function leftovers(): { readonly folders: readonly string[]; readonly resources: readonly string[] } {
  const kinds = ['TCPSocketWrap', 'PipeWrap', 'ProcessWrap'];
  return {
    folders: readdirSync(temporaryFolder).filter((name) => /^hawser-\w{6}$/.test(name)),
    resources: process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)),
  };
}
