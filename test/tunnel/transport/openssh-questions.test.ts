import { readFile, rm } from 'node:fs/promises';
import test from 'ava';
import { Tunnel, TunnelError, TunnelPool } from '../../../tunnel/index.js';
import { decisionOf, kindOf } from '../../../tunnel/transport/openssh/askpass/askpass.js';
import { answering, encrypt } from '../helpers/logins.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';

const passphrase = "it's $ecret";

test.serial('over OpenSSH too an unknown host and an encrypted key are asked about', async (t) => {
  await using sshd = await Sshd.start();
  await encrypt(sshd, passphrase);
  await rm(sshd.knownHostsFile);
  const { ask, asked } = answering('y', 'yes', 'wrong', passphrase);
  const said: string[] = [];
  const log = (_: string, message: string) => said.push(message);
  await using tunnel = await Tunnel.open({ ...sshd.options, transport: 'openssh', ask, log });
  t.is(tunnel.state.status, 'connected');
  t.deepEqual(
    asked.map(({ kind, echo }) => [kind, echo]),
    [
      ['host-key', true],
      ['host-key', true],
      ['passphrase', false],
      ['passphrase', false],
    ],
  );
  t.true(asked[0]?.text.includes(await sshd.fingerprint()));
  t.regex(await readFile(sshd.knownHostsFile, 'utf8'), /ssh-ed25519/);
  t.false(said.join('\n').includes(passphrase));
});

test.serial('a passphrase that was right is not asked for again in the run', async (t) => {
  await using sshd = await Sshd.start();
  await encrypt(sshd, passphrase);
  const { ask, asked } = answering(passphrase);
  await using pool = new TunnelPool({ ask });
  for (let time = 0; time < 2; time += 1) {
    await using share = await pool.open({ ...sshd.options, transport: 'openssh' });
    t.is(share.tunnel.state.status, 'connected');
  }
  t.is(asked.length, 1);
});

test.serial(
  'no ends it with the host unknown; Ctrl-C at a question with what that is; BatchMode asks nothing',
  async (t) => {
    await using sshd = await Sshd.start();
    await rm(sshd.knownHostsFile);
    const refused = Tunnel.open({ ...sshd.options, transport: 'openssh', ask: answering('no').ask });
    t.is((await t.throwsAsync(refused, { instanceOf: TunnelError })).code, 'host-key-unknown');
    const interrupt = new Error('interrupted');
    const interrupted = Tunnel.open({
      ...sshd.options,
      transport: 'openssh',
      ask: () => Promise.reject(interrupt),
    });
    t.is(await t.throwsAsync(interrupted), interrupt);
    const destinations = [resolved(sshd, { batchMode: true })];
    const silent = Tunnel.open({ destinations, transport: 'openssh', ask: () => t.fail() });
    t.is((await t.throwsAsync(silent, { instanceOf: TunnelError })).code, 'host-key-unknown');
    t.false(sshd.log.some((line) => line.includes('Accepted')));
  },
);

test.serial('a hop asks in its own name', async (t) => {
  await using hop = await Sshd.start();
  await using sshd = await Sshd.start();
  await rm(hop.knownHostsFile);
  await rm(sshd.knownHostsFile);
  const { ask, asked } = answering('yes', 'yes');
  const destinations = [resolved(sshd, { jumps: [resolved(hop)] })];
  await using tunnel = await Tunnel.open({ destinations, transport: 'openssh', ask });
  t.is(tunnel.state.status, 'connected');
  t.deepEqual(
    asked.map(({ host }) => Number(host.split(':').at(-1))),
    [hop.port, sshd.port],
  );
});

test.serial('without an answer to a password the login ends, and says why', async (t) => {
  await using sshd = await Sshd.start(['PasswordAuthentication yes', 'PermitRootLogin yes']);
  const { ask, asked } = answering(undefined);
  const destinations = [resolved(sshd, { authMethods: ['password'] })];
  const opening = Tunnel.open({ destinations, transport: 'openssh', ask });
  const error = await t.throwsAsync(opening, { instanceOf: TunnelError });
  t.is(error.code, 'auth-failed');
  t.regex(error.message, /a question that was not answered/);
  t.deepEqual(
    asked.map(({ kind }) => kind),
    ['password'],
  );
});

test.serial('what ssh asks for is told by its words', (t) => {
  const kinds = [
    ['Are you sure you want to continue connecting (yes/no/[fingerprint])? ', 'host-key'],
    ["Enter passphrase for key '/a': ", 'passphrase'],
    ['Enter PIN for ED25519-SK key /a: ', 'passphrase'],
    ["me@host's password: ", 'password'],
    ["(me@host) somebody's password: ", 'keyboard-interactive'],
    ['(me@host) Verification code: ', 'keyboard-interactive'],
  ] as const;
  for (const [text, kind] of kinds) t.is(kindOf(text).kind, kind, text);
  t.deepEqual(['yes', 'NO', '', undefined, 'y', 'SHA256:abc'].map(decisionOf), [
    'yes',
    'no',
    'no',
    'no',
    undefined,
    'SHA256:abc',
  ]);
});
