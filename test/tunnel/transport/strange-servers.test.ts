import { text } from 'node:stream/consumers';
import test from 'ava';
import { Tunnel } from '../../../tunnel/index.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { enter, stateOf } from '../helpers/open-tunnels.js';
import { type Strangeness, StrangeServer } from '../helpers/strange-server.js';
import { Target } from '../helpers/target.js';

const TRANSPORTS = ['ssh2', 'openssh'] as const;
const PATIENT = { connectTimeoutMs: 60_000 };

const ENDINGS: readonly (readonly [when: string, onCommand: Strangeness['onCommand']])[] = [
  ['when a command is asked for', ({ end }) => end()],
  [
    'when a command has ended',
    ({ run, end }) => {
      run();
      end();
    },
  ],
];

for (const transport of TRANSPORTS) {
  for (const [when, onCommand] of ENDINGS) {
    test(`a server that ends the connection ${when} is asked for none but once, and forwards, with ${transport}`, async (t) => {
      await using server = await StrangeServer.start({ onCommand, answersRequests: true });
      await using target = await Target.start((socket) => socket.end('through'));
      await using tunnel = await Tunnel.open({ ...server.options, ...PATIENT, transport });
      await using forward = await tunnel.forward(target.address);
      await waitUntil('it was connected to again', () => server.relay.connections === 2);
      t.is(await text(enter(forward)), 'through');
      server.relay.cut();
      await stateOf(tunnel, ({ status }) => status !== 'connected');
      t.is(await text(enter(forward)), 'through');
      t.is(await text(enter(forward)), 'through');
      t.is(server.relay.connections, 3);
      t.is(server.commands, 1);
    });
  }

  test(`a server that answers no global request is kept while nothing is said, with ${transport}`, async (t) => {
    await using server = await StrangeServer.start({ onCommand: ({ run }) => run(), answersRequests: false });
    await using target = await Target.start((socket) => socket.end('through'));
    const probing = { keepaliveIntervalMs: 500, keepaliveCountMax: 6 };
    await using tunnel = await Tunnel.open({ ...server.options, ...PATIENT, ...probing, transport });
    const { relay } = server;
    const before = relay.answers;
    await waitUntil('probes were answered', () => relay.answers - before >= 10);
    await using forward = await tunnel.forward(target.address);
    t.is(await text(enter(forward)), 'through');
    t.is(relay.connections, 1);
  });
}
