import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { isPermanent } from '../../../tunnel/errors.js';
import { Tunnel } from '../../../tunnel/index.js';
import { setEnvironment } from '../../fixtures/helpers/environment.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { refused } from '../helpers/logins.js';
import { hostLines, optionsBy, writeSshConfig } from '../helpers/ssh-config/ssh-config-file.js';
import { Sshd } from '../helpers/sshd.js';
import { Target } from '../helpers/target.js';

/** Sends a text through a forward to a target that sends it back. */
async function echoed(tunnel: Tunnel, request: string): Promise<string> {
  await using target = await Target.start();
  await using forward = await tunnel.forward(target.address);
  return await text(connect(forward.address.slice('unix://'.length)).end(request));
}

/** A host behind two others, each with a key and a login of its own. */
async function startBehindTwo(
  t: ExecutionContext,
  { second: config = [] }: { readonly second?: readonly string[] } = {},
) {
  const [first, second, target] = await Promise.all([Sshd.start(), Sshd.start(config), Sshd.start()]);
  t.teardown(() => Promise.all([first, second, target].map((sshd) => sshd[Symbol.asyncDispose]())));
  const file = await writeSshConfig(target, [
    hostLines('first', first),
    hostLines('second', second, ['ProxyJump first']),
    hostLines('target', target, ['ProxyJump second']),
  ]);
  return { first, second, target, options: await optionsBy(file, 'target') };
}

test.serial(
  'a host behind two others is reached, each of them verified and logged in to by its own key',
  async (t) => {
    const { first, second, target, options } = await startBehindTwo(t);
    await using tunnel = await Tunnel.open(options);
    t.is(await echoed(tunnel, 'hello'), 'hello');
    t.deepEqual(tunnel.state.via, target.destination);
    for (const { log } of [first, second, target])
      t.true(log.some((line) => line.includes('Accepted publickey')));
  },
);

test.serial('a wrong key of the second hop is refused by name, before anyone logs in there', async (t) => {
  const { second, target, options } = await startBehindTwo(t);
  await second.restart({ newHostKey: true });
  const error = await refused(t, options, 'host-key-changed');
  t.is(error.host, `${second.destination.user}@127.0.0.1:${second.port}`);
  t.is(error.file, second.knownHostsFile);
  t.false([...second.log, ...target.log].some((line) => line.includes('Accepted')));
});

test.serial(
  'an unknown key of the first hop is refused even when the pin of the destination matches it',
  async (t) => {
    const { first, target, options } = await startBehindTwo(t);
    await rm(first.knownHostsFile);
    const hostKey = await first.hostKey();
    const destinations = options.destinations.map((one) => ({ ...one, hostKey }));
    for (const transport of ['ssh2', 'openssh'] as const) {
      const error = await refused(t, { destinations, transport }, 'host-key-unknown');
      t.is(error.host, `${first.destination.user}@127.0.0.1:${first.port}`);
      t.notRegex(error.message, /--ssh-hostkey/, 'it would not help');
    }
    t.false(target.log.some((line) => line.includes('Connection from')));
  },
);

test.serial('a hop with pins is verified by them alone, whatever known_hosts files say', async (t) => {
  const { first, target, options } = await startBehindTwo(t);
  await rm(first.knownHostsFile);
  const pinned = (hostKey: string) =>
    options.destinations.map((one) => ({
      ...one,
      jumps: one.jumps.map((hop, index) => (index === 0 ? { ...hop, hostKey } : hop)),
    }));
  const other = await target.hostKey();
  for (const transport of ['ssh2', 'openssh'] as const) {
    for (const own of [await first.hostKey(), await first.fingerprint()]) {
      const destinations = pinned(`${other},${own}`);
      await using tunnel = await Tunnel.open({ destinations, transport });
      t.is(tunnel.state.status, 'connected');
    }
    const error = await refused(t, { destinations: pinned(other), transport }, 'host-key-changed');
    t.is(error.host, `${first.destination.user}@127.0.0.1:${first.port}`);
  }
});

test.serial('a hop that lets nobody through is named, and not tried again', async (t) => {
  const { second, options } = await startBehindTwo(t, { second: ['AllowTcpForwarding no'] });
  const error = await refused(t, options, 'forward-refused');
  t.is(error.host, `${second.destination.user}@127.0.0.1:${second.port}`);
  t.true(isPermanent(error));
});

test.serial('a destination that its hop cannot reach just now is worth another try', async (t) => {
  const { target, options } = await startBehindTwo(t);
  await target.stop();
  const error = await refused(t, options, 'unreachable');
  t.true(error.message.includes(`127.0.0.1:${target.port}`), error.message);
  t.false(isPermanent(error));
});

test.serial('a tunnel through hops is made again when any of them is lost', async (t) => {
  const { first, second, target, options } = await startBehindTwo(t);
  await using tunnel = await Tunnel.open(options);
  for (const sshd of [first, second, target]) {
    const isBack = back(tunnel);
    await sshd.killConnections();
    await isBack;
    t.is(await echoed(tunnel, 'again'), 'again');
  }
});

test.serial('a first hop that falls silent is noticed through the hops behind it', async (t) => {
  const { first, options } = await startBehindTwo(t);
  await using tunnel = await Tunnel.open({ ...options, keepaliveIntervalMs: 200, keepaliveCountMax: 2 });
  const isBack = back(tunnel);
  await first.freeze();
  await left(tunnel);
  await first.thaw();
  await isBack;
  t.is(await echoed(tunnel, 'awake'), 'awake');
});

test.serial('closing a tunnel through hops ends its connections to all of them', async (t) => {
  const { first, second, target, options } = await startBehindTwo(t);
  const tunnel = await Tunnel.open(options);
  await tunnel.close();
  for (const sshd of [target, second, first]) {
    await waitUntil('it saw us leave', () => sshd.log.some((line) => /Disconnected from/.test(line)));
  }
  t.is(tunnel.state.status, 'closed');
});

test.serial('a ProxyCommand leads to the host, and is gone when the tunnel closes', async (t) => {
  await using sshd = await Sshd.start();
  const script = join(sshd.folder, 'proxy "1".mjs');
  const pidFile = join(sshd.folder, 'pid');
  await writeFile(
    script,
    `import { connect } from 'node:net';
     import { writeFileSync } from 'node:fs';
     const [host, port, user, alias, percent, file] = process.argv.slice(2);
     writeFileSync(file, [process.pid, user, alias, percent].join(' '));
     const socket = connect(Number(port), host);
     process.stdin.pipe(socket).pipe(process.stdout);`,
  );
  const command = `'${process.execPath}' '${script}' %h %p %r %n %% '${pidFile}'`;
  const file = await writeSshConfig(sshd, [hostLines('web', sshd, [`ProxyCommand ${command}`])]);
  const tunnel = await Tunnel.open(await optionsBy(file, 'web'));
  t.is(await echoed(tunnel, 'by proxy'), 'by proxy');
  const [pid, ...rest] = (await readFile(pidFile, 'utf8')).split(' ');
  t.deepEqual(rest, [sshd.destination.user, 'web', '%']);
  await tunnel.close();
  t.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
});

test.serial('a tunnel over a ProxyCommand that dies is made again', async (t) => {
  await using sshd = await Sshd.start();
  const command = `'${process.execPath}' -e "const s = require('net').connect(%p, '%h'); process.stdin.pipe(s).pipe(process.stdout)"`;
  const file = await writeSshConfig(sshd, [hostLines('web', sshd, [`ProxyCommand ${command}`])]);
  await using tunnel = await Tunnel.open(await optionsBy(file, 'web'));
  const isBack = back(tunnel);
  await sshd.killConnections();
  await isBack;
  t.is(await echoed(tunnel, 'again'), 'again');
});

test.serial(
  "a ProxyCommand runs in a shell that reads no start-up file, whose words would come before the host's",
  async (t) => {
    await using sshd = await Sshd.start();
    const command = `'${process.execPath}' -e "const s = require('net').connect(%p, '%h'); process.stdin.pipe(s).pipe(process.stdout)"`;
    const file = await writeSshConfig(sshd, [hostLines('web', sshd, [`ProxyCommand ${command}`])]);
    const options = await optionsBy(file, 'web');
    await writeFile(join(sshd.folder, '.bashrc'), 'exit 3\n');
    setEnvironment(t, { HOME: sshd.folder, SHELL: '/bin/bash', SHLVL: undefined });
    await using tunnel = await Tunnel.open(options);
    t.is(await echoed(tunnel, 'quiet'), 'quiet');
  },
);

test.serial('a ProxyCommand that fails is quoted', async (t) => {
  await using sshd = await Sshd.start();
  const file = await writeSshConfig(sshd, [
    hostLines('web', sshd, ['ProxyCommand sh -c "echo no such proxy >&2; exit 7"']),
  ]);
  const error = await refused(t, await optionsBy(file, 'web'), 'unreachable');
  t.regex(error.message, /ProxyCommand: it exited with status 7, saying "no such proxy"/);
});

test.serial('opening can be aborted while a ProxyCommand says nothing, which ends it', async (t) => {
  await using sshd = await Sshd.start();
  const pidFile = join(sshd.folder, 'pid');
  const command = `sh -c "echo $$ > '${pidFile}'; trap '' HUP; cat > /dev/null; exec sleep 100"`;
  const file = await writeSshConfig(sshd, [hostLines('web', sshd, [`ProxyCommand ${command}`])]);
  const controller = new AbortController();
  const opening = Tunnel.open(await optionsBy(file, 'web'), { signal: controller.signal });
  const pid = async () => Number(await readFile(pidFile, 'utf8').catch(() => ''));
  await waitUntil('the command runs', async () => (await pid()) > 0);
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(opening), reason);
  const pidOfCommand = await pid();
  t.throws(() => process.kill(pidOfCommand, 0), { code: 'ESRCH' });
});

test.serial(
  'opening can be aborted while a host behind a hop says nothing, which lets the hop go',
  async (t) => {
    await using hop = await Sshd.start();
    await using silent = await Target.start(() => {});
    const file = await writeSshConfig(hop, [
      hostLines('hop', hop),
      `Host silent\n  HostName 127.0.0.1\n  Port ${silent.port}\n  ProxyJump hop`,
    ]);
    const controller = new AbortController();
    const reached = silent.connection();
    const opening = Tunnel.open(await optionsBy(file, 'silent'), { signal: controller.signal });
    await reached;
    const reason = new Error('enough');
    controller.abort(reason);
    t.is(await t.throwsAsync(opening), reason);
    await waitUntil('the hop saw us leave', () => hop.log.some((line) => line.includes('Disconnected from')));
  },
);

test.serial('a host behind a ProxyCommand is verified like any other', async (t) => {
  await using sshd = await Sshd.start();
  const command = `'${process.execPath}' -e "const s = require('net').connect(%p, '%h'); process.stdin.pipe(s).pipe(process.stdout)"`;
  const file = await writeSshConfig(sshd, [hostLines('web', sshd, [`ProxyCommand ${command}`])]);
  await sshd.restart({ newHostKey: true });
  await refused(t, await optionsBy(file, 'web'), 'host-key-changed');
});

test.serial('a HostKeyAlias is the name to look a host up by, without a port', async (t) => {
  await using sshd = await Sshd.start();
  const file = await writeSshConfig(sshd, [hostLines('web', sshd, ['HostKeyAlias the-web'])]);
  const options = await optionsBy(file, 'web');
  await refused(t, options, 'host-key-unknown');
  await writeFile(sshd.knownHostsFile, `the-web ${await sshd.hostKey()}\n`);
  await using tunnel = await Tunnel.open(options);
  t.is(await echoed(tunnel, 'alias'), 'alias');
});

test.serial('algorithms that ssh_config sets are the only ones offered', async (t) => {
  await using sshd = await Sshd.start(['Ciphers aes256-ctr', 'MACs hmac-sha2-512']);
  const open = async (cipher: string) => {
    const file = await writeSshConfig(sshd, [
      hostLines('web', sshd, [`Ciphers ${cipher}`, 'MACs hmac-sha2-512,hmac-sha2-256']),
    ]);
    return optionsBy(file, 'web');
  };
  await refused(t, await open('aes128-ctr'), 'no-common-algorithm');
  await using tunnel = await Tunnel.open(await open('aes128-ctr,aes256-ctr'));
  t.is(await echoed(tunnel, 'cipher'), 'cipher');
});

/** Settles when the tunnel was lost and is connected again. */
async function back(tunnel: Tunnel): Promise<void> {
  let wasLost = false;
  for await (const { status } of tunnel.states()) {
    if (status !== 'connected') wasLost = true;
    else if (wasLost) return;
  }
}

/** Settles when the tunnel is lost. */
async function left(tunnel: Tunnel): Promise<void> {
  for await (const { status } of tunnel.states()) if (status !== 'connected') return;
}
