import test from 'ava';
import { SshWorld } from '../../world/index.js';
import { Sshd } from '../tunnel/sshd.js';
import { conforms } from './conformance.js';
import { Etcd } from './etcd.js';

let etcd: Etcd;
let sshd: Sshd;

test.before(async () => {
  etcd = await Etcd.start();
  sshd = await Sshd.start(['MaxStartups 100']);
});

test.after.always(async () => {
  await sshd[Symbol.asyncDispose]();
  await etcd[Symbol.asyncDispose]();
});

conforms(test, () => ({
  open: (hostname, namespace, log) =>
    SshWorld.connect({ tunnel: sshd.options, seeds: [etcd.url], hostname, namespace, log }),
  localEndpoint: /^unix:\/\/\/.+/,
}));

test.serial('closing the World leaves nothing of the tunnel behind', async (t) => {
  const world = await SshWorld.connect({ tunnel: sshd.options, seeds: [etcd.url], hostname: 'h1' });
  await world.strSet('motd', 'hello');
  await world.close();
  t.is(world.tunnel.state.status, 'closed');
  await world.close();
});

test.serial('a seed with https is refused before anything is connected', async (t) => {
  const connecting = SshWorld.connect({ tunnel: sshd.options, seeds: ['https://127.0.0.1'], hostname: 'h1' });
  await t.throwsAsync(connecting, { code: 'invalid', message: /http:/ });
});
