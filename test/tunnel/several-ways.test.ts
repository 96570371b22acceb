import test from 'ava';
import { Tunnel } from '../../tunnel/index.js';
import { waitUntil } from '../fixtures/wait-until.js';
import { freePort, Sshd } from './sshd.js';
import { Target } from './target.js';

test.serial(
  'A way in through which nothing answers loses to a slower one where something does',
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
    t.true(said.some((message) => message.includes('did not connect us')));
  },
);

test.serial(
  'A way in through which nothing answers is used when there is no better, and its loser is let go',
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
