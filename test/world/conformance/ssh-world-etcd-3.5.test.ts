import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { TunnelPool } from '../../../tunnel/index.js';
import { SshWorld } from '../../../world/index.js';
import { setEnvironment } from '../../fixtures/helpers/environment.js';
import { sshWorldConforms } from './worlds.js';

const surroundings = sshWorldConforms('3.5');

test.serial('closing the World leaves nothing of the tunnel behind', async (t) => {
  const { seed, sshd } = surroundings();
  const world = await SshWorld.open({ ssh: sshd.options, seeds: [seed], hostname: 'h1' });
  await world.strSet('motd', 'hello');
  await world.close();
  t.is(world.tunnel.state.status, 'closed');
  await world.close();
});

test.serial(
  'Worlds share a tunnel that is open, and leave it open with nothing of theirs on it',
  async (t) => {
    const { seed, sshd } = surroundings();
    const temporaryFolder = mkdtempSync(join(tmpdir(), 'worlds-'));
    setEnvironment(t, { TMPDIR: temporaryFolder });
    t.teardown(() => rmSync(temporaryFolder, { recursive: true }));
    await using pool = new TunnelPool();
    await using share = await pool.open(sshd.options);
    const { tunnel } = share;
    await using _own = await tunnel.forward({ host: '127.0.0.1', port: 1 });
    const logins = () => sshd.log.filter((line) => line.includes('Accepted')).length;
    const before = logins();
    const worlds = await Promise.all(
      ['h1', 'h2'].map((hostname) => SshWorld.open({ tunnel, seeds: [seed], hostname })),
    );
    const [first, second] = worlds;
    await first?.strSet('shared', 'by both');
    t.is(await second?.strGet('shared'), 'by both');
    t.is(readdirSync(temporaryFolder).length, 3);
    for (const world of worlds) await world.close();
    t.is(readdirSync(temporaryFolder).length, 1);
    t.is(tunnel.state.status, 'connected');
    t.is(logins(), before);
  },
);
