import { once } from 'node:events';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { Tunnel, TunnelError } from '../../../tunnel/index.js';
import { Sshd } from '../helpers/sshd.js';
import { Target } from '../helpers/target.js';

const { signal } = new AbortController();

/** Nothing connects there: the system says so at once. */
const NOWHERE = '255.255.255.255';

for (const transport of ['ssh2', 'openssh'] as const) {
  test(`what a host says of a target tells whether a way leads there, by ${transport}`, async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    await using tunnel = await Tunnel.open({ ...sshd.options, transport });
    const connection = target.connection();
    await tunnel.tryConnect(target.address, { signal });
    const socket = await connection;
    if (!socket.closed) await once(socket.resume(), 'close');
    const closedPort = { host: '127.0.0.1', port: await freePort() };
    const nobody = await t.throwsAsync(tunnel.tryConnect(closedPort, { signal }), {
      instanceOf: TunnelError,
      code: 'forward-refused',
    });
    t.is(nobody.refusal, 'not-listening');
    const nowhere = await t.throwsAsync(tunnel.tryConnect({ host: NOWHERE, port: 1 }, { signal }), {
      instanceOf: TunnelError,
      code: 'forward-refused',
    });
    t.is(nowhere.refusal, 'no-way');
    t.regex(nowhere.message, /firewalls/);
  });

  test(`a host that forbids it says nothing about the way, by ${transport}`, async (t) => {
    await using sshd = await Sshd.start(['AllowTcpForwarding no']);
    await using target = await Target.start();
    await using tunnel = await Tunnel.open({ ...sshd.options, transport });
    const error = await t.throwsAsync(tunnel.tryConnect(target.address, { signal }), {
      instanceOf: TunnelError,
      code: 'forward-refused',
    });
    t.is(error.refusal, 'forbidden');
  });
}

test('Trying ends with the signal, and with the tunnel', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await sshd.freeze();
  const leaving = new AbortController();
  const left = tunnel.tryConnect(target.address, { signal: leaving.signal });
  leaving.abort(new Error('enough'));
  await t.throwsAsync(left, { message: 'enough' });
  const cut = tunnel.tryConnect(target.address, { signal });
  await Promise.all([t.throwsAsync(cut, { code: 'closed' }), tunnel.close()]);
});
