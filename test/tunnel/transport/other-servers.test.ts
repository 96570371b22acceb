import { text } from 'node:stream/consumers';
import test from 'ava';
import { Tunnel, type TunnelOptions } from '../../../tunnel/index.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { enter } from '../helpers/open-tunnels.js';
import { OtherServer, type OtherServerName } from '../helpers/other-server.js';
import { Target } from '../helpers/target.js';

const TRANSPORTS = ['ssh2', 'openssh'] as const;

/** More than the probes that would have to go unanswered for a connection to be given up. */
const ANSWERS = 10;
const PROBING = { keepaliveIntervalMs: 500, keepaliveCountMax: 6, connectTimeoutMs: 60_000 };

async function echo(tunnel: Tunnel, word: string): Promise<string> {
  const command = await tunnel.exec(`echo ${word}`);
  command.stderr.resume();
  const [said] = await Promise.all([text(command.stdout), command.exit]);
  return said.trim();
}

for (const transport of TRANSPORTS) {
  for (const name of ['AsyncSSH', 'Dropbear', 'TinySSH'] satisfies OtherServerName[]) {
    test(`a connection to ${name} over which nothing is said is kept, with ${transport}`, async (t) => {
      await using server = await OtherServer.start(name);
      await using tunnel = await Tunnel.open({ ...server.options, ...PROBING, transport });
      const { relay } = server;
      const before = relay.answers;
      await waitUntil('probes were answered', () => relay.answers - before >= ANSWERS);
      t.is(relay.connections, 1);
      t.is(tunnel.state.status, 'connected');
    });
  }

  for (const name of ['AsyncSSH', 'Dropbear'] satisfies OtherServerName[]) {
    test(`${name} forwards and runs commands side by side over one connection, with ${transport}`, async (t) => {
      await using server = await OtherServer.start(name);
      await using target = await Target.start((socket) => socket.end('through'));
      await using tunnel = await Tunnel.open({ ...server.options, ...PROBING, transport });
      await using forward = await tunnel.forward(target.address);
      t.is(await text(enter(forward)), 'through');
      t.regex(await echo(tunnel, 'hello'), /hello$/);
      t.is(await text(enter(forward)), 'through');
      t.is(server.relay.connections, 1);
    });
  }

  test(`TinySSH, which has one session for a connection, runs each command asked for, with ${transport}`, async (t) => {
    await using server = await OtherServer.start('TinySSH');
    const warnings: string[] = [];
    const log: TunnelOptions['log'] = (level, message) => {
      if (level === 'warn') warnings.push(message);
    };
    await using tunnel = await Tunnel.open({ ...server.options, ...PROBING, transport, log });
    t.is(await echo(tunnel, 'first'), 'first');
    t.is(await echo(tunnel, 'second'), 'second');
    // It ends its connection with each command, and another is made.
    t.true(server.relay.connections <= 3, `${server.relay.connections} connections`);
    t.true(warnings.length <= 2, warnings.join('\n'));
  });
}
