import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { ReconnectingConnection } from '../../tunnel/connection/reconnecting-connection.js';
import { execOnConnection } from '../../tunnel/exec/exec-on-connection.js';
import { shellCommand, Tunnel, TunnelError, TunnelPool } from '../../tunnel/index.js';
import type { Link } from '../../tunnel/transport/transport.js';
import { echoed, enter } from './helpers/open-tunnels.js';
import { Sshd } from './helpers/sshd.js';
import { type Strangeness, StrangeServer } from './helpers/strange-server.js';
import { Target } from './helpers/target.js';

const run = promisify(execFile);

for (const transport of ['ssh2', 'openssh'] as const) {
  test.serial(
    `a host with one session for a connection runs a command beside a new forward, with ${transport}`,
    async (t) => {
      await using sshd = await Sshd.start(['MaxSessions 1']);
      await using target = await Target.start();
      await using tunnel = await Tunnel.open({ ...sshd.options, transport });
      const forwarding = tunnel.forward(target.address);
      const command = await tunnel.exec('echo run');
      t.is(await text(command.stdout), 'run\n');
      await echoed(t, enter(await forwarding));
    },
  );
}

test.serial('commands and forwards of a pool share one connection, which is kept for them', async (t) => {
  await using sshd = await Sshd.start();
  await using pool = new TunnelPool();
  const first = await pool.exec(sshd.options, 'cat');
  const second = await pool.exec(sshd.options, 'exit 3');
  t.deepEqual(await second.exit, { code: 3 });
  const share = await pool.open(sshd.options);
  first.stdin.end('still there');
  t.is(await text(first.stdout), 'still there');
  t.deepEqual(await first.exit, { code: 0 });
  await share.close();
  t.is(share.tunnel.state.status, 'closed');
  t.is(sshd.log.filter((line) => line.includes('Accepted')).length, 1);
});

test.serial('a command waits while SSH is down, and is run once', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open({ ...sshd.options, keepaliveIntervalMs: 200 });
  await sshd.freezeConnections();
  // It is asked for by the dead connection first, which is given up meanwhile.
  const runs = join(sshd.folder, 'runs');
  const command = await tunnel.exec(`echo run >> ${runs}`);
  t.deepEqual(await command.exit, { code: 0 });
  await sshd.thaw();
  t.is(await readFile(runs, 'utf8'), 'run\n');
});

test.serial('a command that may have begun is not asked for again', async (t) => {
  const via = { user: 'me', host: 'h', port: 22 };
  const unknown = new TunnelError('outcome-unknown', 'me@h:22', 'It is not known.');
  let asked = 0;
  const link: Link = {
    closed: new Promise(() => {}),
    openChannel: () => Promise.reject(unknown),
    exec: async () => {
      asked += 1;
      throw unknown;
    },
    expectChannels: () => {},
    onDoubt: () => {},
    destroy: () => {},
    close: async () => {},
  };
  const { signal } = new AbortController();
  const connection = await ReconnectingConnection.open(async () => ({ link, via }), { signal });
  const running = execOnConnection(connection, 'true', { signal, holdTimeoutMs: 20_000, host: 'me@h:22' });
  t.is(await t.throwsAsync(running), unknown);
  t.is(asked, 1);
});

for (const [what, answer, code] of [
  ['closes the session of a command without an answer', 'close', 'outcome-unknown'],
  ['never answers a command', 'nothing', 'outcome-unknown'],
  ['refuses a command', 'refuse', 'exec-refused'],
] as const) {
  for (const transport of ['ssh2', 'openssh'] as const) {
    test.serial(`a host that ${what} is asked for it once, with ${transport}`, async (t) => {
      const onCommand: Strangeness['onCommand'] = (command) => {
        if (answer !== 'nothing') command[answer]();
      };
      await using server = await StrangeServer.start({ onCommand, answersRequests: true });
      await using tunnel = await Tunnel.open({ ...server.options, connectTimeoutMs: 5_000, transport });
      const error = await t.throwsAsync(tunnel.exec('true'), { instanceOf: TunnelError });
      t.is(error.code, code);
      t.is(server.commands, 1);
      t.is(server.relay.connections, 1);
    });
  }
}

test.serial('a host that does not come back runs nothing; nor does a closed tunnel', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open({ ...sshd.options, connectTimeoutMs: 2_500 });
  const begun = await tunnel.exec('echo begun; exec sleep 60');
  await once(begun.stdout, 'data');
  await sshd.stop();
  const lost = await t.throwsAsync(begun.exit, { instanceOf: TunnelError });
  t.is(lost.code, 'outcome-unknown');
  const vain = await t.throwsAsync(tunnel.exec('true'), { instanceOf: TunnelError });
  t.is(vain.code, 'unreachable');
  await tunnel.close();
  const closed = await t.throwsAsync(tunnel.exec('true'), { instanceOf: TunnelError });
  t.is(closed.code, 'closed');
});

test.serial('closing abandons a command, whatever its outcome', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  const command = await tunnel.exec('sleep 60');
  await Promise.all([command.close(), command.close()]);
  const error = await t.throwsAsync(command.exit, { instanceOf: TunnelError });
  t.is(error.code, 'closed');
  const ended = await tunnel.exec('exit 8');
  await ended.exit;
  await ended.close();
  t.deepEqual(await ended.exit, { code: 8 });
});

test.serial('an abort abandons a command that runs', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  const abort = new AbortController();
  const command = await tunnel.exec('echo begun; exec sleep 60', { signal: abort.signal });
  await once(command.stdout, 'data');
  const reason = new Error('enough');
  abort.abort(reason);
  t.is(await t.throwsAsync(command.exit), reason);
});

test.serial('a shell takes each argument as it was meant', async (t) => {
  const argument = fc.string({ unit: 'binary' }).filter((one) => !one.includes('\0'));
  const property = fc.asyncProperty(fc.array(argument, { maxLength: 20 }), async (args) => {
    const { stdout } = await run('sh', ['-c', shellCommand(['printf', '%s\\0', '-', ...args])]);
    t.is(stdout, `${['-', ...args].join('\0')}\0`);
  });
  await fc.assert(property, { numRuns: 8 });
  t.is(shellCommand(['A=b', 'plain', '~', '']), `'A=b' plain '~' ''`);
  t.throws(() => shellCommand(['a', '\0']), { instanceOf: TypeError });
});
