import test from 'ava';
import { SshWorld } from '../../world/index.js';
import { sshWorldConforms } from './worlds.js';

const surroundings = sshWorldConforms('3.4');

test.serial('closing the World leaves nothing of the tunnel behind', async (t) => {
  const { seed, sshd } = surroundings();
  const world = await SshWorld.connect({ tunnel: sshd.options, seeds: [seed], hostname: 'h1' });
  await world.strSet('motd', 'hello');
  await world.close();
  t.is(world.tunnel.state.status, 'closed');
  await world.close();
});

test.serial('a seed with https is refused before anything is connected', async (t) => {
  const { sshd } = surroundings();
  const connecting = SshWorld.connect({ tunnel: sshd.options, seeds: ['https://127.0.0.1'], hostname: 'h1' });
  await t.throwsAsync(connecting, { code: 'invalid', message: /http:/ });
});
