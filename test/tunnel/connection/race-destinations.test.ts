import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { Tunnel, TunnelError } from '../../../tunnel/index.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { echoed, enter, stateOf } from '../helpers/open-tunnels.js';
import { Sshd } from '../helpers/sshd.js';
import { readAll, Target } from '../helpers/target.js';

test.serial(
  'a destination through which nothing answers loses to a slower one where something does',
  async (t) => {
    await using near = await Sshd.start(['PermitOpen none']);
    await using far = await Sshd.start();
    await using target = await Target.start();
    await far.freeze();
    const said: string[] = [];
    const opened = Tunnel.open({
      destinations: [near.destination, far.destination],
      knownHostsFiles: [near.knownHostsFile, far.knownHostsFile],
      identityFiles: [near.identityFile, far.identityFile],
      probe: [target.address],
      log: (_, message) => said.push(message),
    });
    await waitUntil('the near host let us in', () =>
      near.log.some((line) => line.includes('Accepted publickey')),
    );
    await far.thaw();
    await using tunnel = await opened;
    t.deepEqual(tunnel.state.via, far.destination);
    t.true(said.some((message) => message.includes('refused the connection')));
  },
);

test.serial(
  'a destination through which nothing answers is used when there is no better, and the loser is closed',
  async (t) => {
    await using first = await Sshd.start();
    await using second = await Sshd.start();
    const probe = [{ host: '127.0.0.1', port: await freePort() }];
    await using tunnel = await Tunnel.open({
      destinations: [first.destination, second.destination, { ...first.destination, port: await freePort() }],
      knownHostsFiles: [first.knownHostsFile, second.knownHostsFile],
      identityFiles: [first.identityFile, second.identityFile],
      probe,
    });
    t.is(tunnel.state.status, 'connected');
    const loser = tunnel.state.via?.port === first.port ? second : first;
    await waitUntil('the loser saw us leave', () =>
      loser.log.some((line) => /Disconnected from|Connection closed/.test(line)),
    );
  },
);

test.serial('a host that falls silent is noticed, and another destination is used', async (t) => {
  await using silent = await Sshd.start();
  await using other = await Sshd.start();
  await other.stop();
  await using target = await Target.start();
  await using tunnel = await Tunnel.open({
    destinations: [silent.destination, other.destination],
    knownHostsFiles: [silent.knownHostsFile, other.knownHostsFile],
    identityFiles: [silent.identityFile, other.identityFile],
    keepaliveIntervalMs: 200,
    keepaliveCountMax: 2,
  });
  await using forward = await tunnel.forward(target.address);
  await other.restart();
  const socket = enter(forward);
  await echoed(t, socket);
  const lost = stateOf(tunnel, ({ status }) => status !== 'connected');
  await silent.freeze();
  await readAll(socket);
  t.regex((await lost).reason?.message ?? '', /stopped answering/);
  await stateOf(tunnel, ({ status }) => status === 'connected');
  t.deepEqual(tunnel.state.via, other.destination);
  const again = enter(forward);
  await echoed(t, again);
  again.destroy();
});

test.serial(
  'of several destinations the one that works is used, and the other moved on to when it is lost',
  async (t) => {
    await using first = await Sshd.start();
    await using second = await Sshd.start();
    await second.stop();
    await using target = await Target.start();
    await using tunnel = await Tunnel.open({
      destinations: [first.destination, second.destination],
      knownHostsFiles: [first.knownHostsFile, second.knownHostsFile],
      identityFiles: [first.identityFile, second.identityFile],
    });
    await using forward = await tunnel.forward(target.address);
    t.deepEqual(tunnel.state.via, first.destination);
    await second.restart();
    await first.stop();
    const socket = enter(forward);
    await stateOf(tunnel, ({ status }) => status !== 'connected');
    await stateOf(tunnel, ({ status }) => status === 'connected');
    t.deepEqual(tunnel.state.via, second.destination);
    const again = enter(forward);
    await echoed(t, again);
    again.destroy();
    socket.destroy();
  },
);

test.serial('a destination whose key changed is reported and skipped while another works', async (t) => {
  await using good = await Sshd.start();
  await using bad = await Sshd.start();
  await bad.restart({ newHostKey: true });
  const options = {
    destinations: [bad.destination, good.destination],
    knownHostsFiles: [good.knownHostsFile, bad.knownHostsFile],
    identityFiles: [good.identityFile],
  };
  await using tunnel = await Tunnel.open(options);
  t.deepEqual(tunnel.state.via, good.destination);
  await good.stop();
  await stateOf(tunnel, ({ status }) => status === 'waiting');
  await good.restart();
  await stateOf(tunnel, ({ status }) => status === 'connected');
  t.deepEqual(tunnel.state.via, good.destination);
});

test.serial('when no destination works the most serious reason is given, and all of them', async (t) => {
  await using stopped = await Sshd.start();
  await stopped.stop();
  await using changed = await Sshd.start();
  await changed.restart({ newHostKey: true });
  const { identityFiles } = stopped.options;
  const knownHostsFiles = [stopped.knownHostsFile, changed.knownHostsFile];
  const destinations = [stopped.destination, changed.destination];
  const error = await t.throwsAsync(Tunnel.open({ destinations, knownHostsFiles, identityFiles }), {
    instanceOf: TunnelError,
  });
  t.is(error.code, 'host-key-changed');
  t.deepEqual(error.attempts.map(({ code }) => code).sort(), ['host-key-changed', 'unreachable']);
  const both = [stopped.destination, { ...stopped.destination, user: 'other' }];
  const unreachable = await t.throwsAsync(
    Tunnel.open({ destinations: both, knownHostsFiles, identityFiles }),
    { instanceOf: TunnelError },
  );
  t.is(unreachable.code, 'unreachable');
  t.regex(unreachable.message, /2 SSH destinations.*connection refused.*connection refused/s);
});
