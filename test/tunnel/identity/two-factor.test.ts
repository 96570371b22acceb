import { join } from 'node:path';
import test from 'ava';
import { startFleet, type TestFleet } from '../../../testing/index.js';
import { type AddressedTunnelOptions, type Ask, parseDestination, Tunnel } from '../../../tunnel/index.js';
import { answering, connects, refused } from '../helpers/logins.js';
import { SshAgent } from '../helpers/ssh-agent.js';
import { makeKey } from '../helpers/sshd.js';

const password = 'the second factor';

// root has to show a key and then answer, the other users have no key at all.
const sshdConfig = `
UsePAM yes
MaxAuthTries 4
PermitRootLogin yes
KbdInteractiveAuthentication yes
PasswordAuthentication yes
Match User root
  AuthenticationMethods publickey,keyboard-interactive
Match User answers
  AuthenticationMethods keyboard-interactive
Match User types
  AuthenticationMethods password
`;

let fleet: TestFleet;

test.before(async () => {
  fleet = await startFleet({ backend: 'containers', sshd: { config: sshdConfig } });
  const [host] = fleet.hosts;
  const add = 'useradd -m answers && useradd -m types && chpasswd';
  const input = ['root', 'answers', 'types'].map((user) => `${user}:${password}\n`).join('');
  const result = await host?.exec(['sh', '-c', add], { input });
  if (result?.code !== 0) throw new Error(`no users: ${result?.stderr}`);
});
test.after.always(() => fleet?.close());

function optionsFor(user: string, ask?: Ask): AddressedTunnelOptions {
  const [host] = fleet.hosts;
  if (host === undefined) throw new RangeError('a fleet has a host');
  return {
    destinations: [parseDestination(`${user}@${host.sshHost}:${host.sshPort}`, { defaultUser: user })],
    knownHostsFiles: [fleet.knownHostsFile],
    identityFiles: [fleet.identityFile],
    // sshd takes its time over each wrong answer.
    connectTimeoutMs: 60_000,
    ask,
  };
}

test.serial('a second factor is asked for after the key', async (t) => {
  const { ask, asked } = answering(password);
  await connects(t, optionsFor('root', ask));
  t.deepEqual(
    asked.map(({ kind, echo }) => [kind, echo]),
    [['keyboard-interactive', false]],
  );
  t.regex(asked[0]?.text ?? '', /Password/);
});

test.serial(
  'a second factor is asked for after a key of the SSH agent, whatever other keys that has',
  async (t) => {
    await using agent = await SshAgent.start();
    await agent.add(fleet.identityFile);
    for (const name of ['second', 'third', 'fourth', 'fifth']) {
      const file = join(fleet.folder, name);
      await makeKey(file);
      await agent.add(file);
    }
    const { ask, asked } = answering(password);
    const options = { ...optionsFor('root', ask), identityFiles: [], agentSocket: agent.socketPath };
    await connects(t, options);
    t.is(asked.length, 1);
  },
);

test.serial('a wrong answer is asked again; a right one then gets in', async (t) => {
  const { ask, asked } = answering('wrong', password);
  await connects(t, optionsFor('answers', ask));
  t.is(asked.length, 2);
});

test.serial('without anybody to ask, a host that wants answers says which', async (t) => {
  const error = await refused(t, optionsFor('root'), 'auth-failed');
  t.regex(error.message, /it would accept: keyboard-interactive/);
  t.deepEqual(error.tried, []);
});

test.serial('no answer ends the login', async (t) => {
  const { ask, asked } = answering(undefined);
  const error = await refused(t, optionsFor('answers', ask), 'auth-failed');
  t.is(asked.length, 1);
  t.true(error.tried.includes('keyboard-interactive'));
});

test.serial('a password gets in where the host takes nothing else', async (t) => {
  const { ask, asked } = answering('wrong', password);
  await connects(t, optionsFor('types', ask));
  t.deepEqual(
    asked.map(({ kind }) => kind),
    ['password', 'password'],
  );
});

test.serial('a password is not asked for again when the connection is made anew', async (t) => {
  const { ask, asked } = answering(password);
  await using tunnel = await Tunnel.open(optionsFor('types', ask));
  let wasLost = false;
  for await (const { status } of tunnel.states()) {
    if (status === 'connected' && wasLost) break;
    if (status === 'connected') await fleet.hosts[0]?.exec(['pkill', '-KILL', '-u', 'types']);
    else wasLost = true;
  }
  t.is(asked.length, 1);
});

test.serial('no password is repeated in what we say of a refusal', async (t) => {
  const secret = 'a wrong password';
  const said: string[] = [];
  const { ask } = answering(secret, undefined);
  const log = (_: string, message: string) => said.push(message);
  const error = await refused(t, { ...optionsFor('types', ask), log }, 'auth-failed');
  t.false(`${said.join('\n')}${error.message}${error.stack}${String(error.cause)}`.includes(secret));
});
