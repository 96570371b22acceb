import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { type CommandTarget, type Forward, Tunnel, TunnelError } from '../../../tunnel/index.js';
import { askingCommandTo, commandTo } from '../helpers/command-to-target.js';
import { echoed, enter } from '../helpers/open-tunnels.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';
import { readAll, Target } from '../helpers/target.js';

const { signal } = new AbortController();

/** The refusal of a connection that a forward closed. */
async function refusalOf(forward: Forward): Promise<TunnelError | undefined> {
  await once(enter(forward).end().resume(), 'close');
  return forward.lastRefusal;
}

for (const transport of ['ssh2', 'openssh'] as const) {
  test.serial(`a command is a stream with half-closes and back-pressure, by ${transport}`, async (t) => {
    await using sshd = await Sshd.start(['AllowTcpForwarding no', 'AllowStreamLocalForwarding no']);
    const content = randomBytes(8 << 20);
    let received: Buffer = Buffer.alloc(0);
    await using target = await Target.start((socket) => {
      socket.write(content);
      void readAll(socket).then((all) => {
        received = all;
        socket.end('the end');
      });
    });
    await using tunnel = await Tunnel.open({ ...sshd.options, transport });
    await using forward = await tunnel.forward(commandTo(target.port));
    const socket = enter(forward);
    socket.end(content);
    const got = await readAll(socket);
    t.true(received.equals(content));
    t.true(got.equals(Buffer.concat([content, Buffer.from('the end')])));
    t.is(forward.lastRefusal, undefined);
    t.is(target.sockets.size, 0);
  });

  test.serial(`what a command says when it does not connect is the reason, by ${transport}`, async (t) => {
    await using sshd = await Sshd.start();
    await using tunnel = await Tunnel.open({ ...sshd.options, transport });
    const refused = async (target: CommandTarget) => {
      await using forward = await tunnel.forward(target);
      const error = await refusalOf(forward);
      t.is(error?.code, 'forward-refused');
      return error?.message ?? '';
    };
    t.regex(
      await refused(commandTo(await freePort())),
      /the bridge on .* did not connect: cannot connect: ECONNREFUSED\.$/,
    );
    t.regex(
      await refused(commandTo(1, { command: '/nowhere/at/all' })),
      /did not connect: .*\/nowhere\/at\/all/,
    );
    t.regex(
      await refused(commandTo(1, { command: 'exit 7' })),
      /did not connect: it ended with exit code 7\.$/,
    );
    const noise = 'head -c 100000 /dev/zero; exec sleep 60';
    t.regex(await refused(commandTo(1, { command: noise })), /it printed something else\.$/);
  });

  test.serial(`a local end that vanishes ends the command, by ${transport}`, async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    await using tunnel = await Tunnel.open({ ...sshd.options, transport });
    await using forward = await tunnel.forward(commandTo(target.port));
    const accepted = target.connection();
    const socket = enter(forward);
    await echoed(t, socket);
    const far = await accepted;
    socket.destroy();
    await once(far, 'close');
  });
}

test.serial('a target that ends ends the connection, and the next one is served again', async (t) => {
  await using sshd = await Sshd.start();
  const port = await freePort();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(commandTo(port));
  t.regex(String(await refusalOf(forward)), /ECONNREFUSED/);
  await using target = await Target.start(undefined, port);
  const socket = enter(forward);
  const accepted = target.connection();
  await echoed(t, socket);
  (await accepted).destroy();
  await once(socket.resume(), 'end');
  await echoed(t, enter(forward));
  t.is(forward.lastRefusal, undefined);
});

test.serial('connections go on over the next link when one is lost', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(commandTo(target.port));
  const socket = enter(forward);
  await echoed(t, socket);
  await sshd.killConnections();
  await once(socket.resume(), 'end');
  await echoed(t, enter(forward));
});

test.serial('what a login shell prints first is not part of the stream', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  const { command } = commandTo(target.port);
  await using forward = await tunnel.forward(
    commandTo(target.port, { command: `echo Welcome to bridge 1; echo; exec ${command}` }),
  );
  t.is(await text(enter(forward).end('a request')), 'a request');
});

test.serial('connections wait for a session of the host, and are refused with the reason', async (t) => {
  await using sshd = await Sshd.start(['MaxSessions 2']);
  await using target = await Target.start();
  await using tunnel = await Tunnel.open({ ...sshd.options, connectTimeoutMs: 30_000 });
  await using forward = await tunnel.forward(commandTo(target.port));
  const [first, second] = [enter(forward), enter(forward)];
  await Promise.all([echoed(t, first), echoed(t, second)]);
  const third = echoed(t, enter(forward));
  first.destroy();
  await third;
  const refusal = await refusalOf(forward);
  t.is(refusal?.code, 'exec-refused');
  t.regex(refusal?.message ?? '', /MaxSessions/);
});

test.serial('a question is answered once for each connection, before the stream', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  const said: boolean[] = [];
  const password = 'correct horse';
  const asking = askingCommandTo(target.port, password, async ({ verify }) => {
    for (const word of ['wrong', 'wrong', 'wrong', 'wrong', password]) said.push(await verify(word));
  });
  await using forward = await tunnel.forward(asking);
  t.is(await text(enter(forward).end('a request')), 'a request');
  t.deepEqual(said, [false, false, false, false, true]);
});

test.serial('after a wrong answer no command is run any more', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  let asked = 0;
  const asking = askingCommandTo(1, 'right', async ({ verify }) => {
    asked += 1;
    t.false(await verify('wrong'));
    throw new Error('That was wrong.');
  });
  await using forward = await tunnel.forward(asking);
  const first = await refusalOf(forward);
  t.is(first?.code, 'auth-failed');
  t.is(first?.message, 'That was wrong.');
  t.is(await refusalOf(forward), first);
  t.is(asked, 1);
});

test.serial('how a host is entered is a matter of the destination', async (t) => {
  await using sshd = await Sshd.start(['AllowTcpForwarding no']);
  await using target = await Target.start();
  const reach = () => commandTo(target.port);
  await using tunnel = await Tunnel.open({ destinations: [resolved(sshd, { reach })] });
  await using forward = await tunnel.forward(target.address);
  await echoed(t, enter(forward));
  await tunnel.tryConnect(target.address, { signal });
});

test.serial('nobody is asked for one destination while another leads there', async (t) => {
  await using sshd = await Sshd.start();
  await using other = await Sshd.start();
  await using target = await Target.start();
  const asking = (word: string) =>
    askingCommandTo(target.port, 'right', async ({ verify }) => {
      t.log(`asked: ${word}`);
      if (!(await verify(word))) throw new Error('That was wrong.');
    });
  const [free, right, wrong] = [
    resolved(sshd),
    resolved(other, { reach: () => asking('right') }),
    resolved(other, { reach: () => asking('wrong') }),
  ];
  const probe = [target.address];
  await using first = await Tunnel.open({ destinations: [wrong, free], probe });
  t.is(first.state.via?.port, sshd.port);
  await sshd.restart({ config: ['AllowTcpForwarding no'] });
  await using second = await Tunnel.open({ destinations: [free, right], probe });
  t.is(second.state.via?.port, other.port);
  await t.throwsAsync(Tunnel.open({ destinations: [wrong], probe }), {
    instanceOf: TunnelError,
    code: 'auth-failed',
    message: 'That was wrong.',
  });
});
