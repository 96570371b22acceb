import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { type Ask, Tunnel } from '../../../tunnel/index.js';
import { parsePrivateKey } from '../../../tunnel/transport/ssh2/login/parse-private-key.js';
import { answering, connects, encrypt, refused } from '../helpers/logins.js';
import { resolved } from '../helpers/resolved.js';
import { SshAgent } from '../helpers/ssh-agent.js';
import { makeKey, Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);
const passphrase = 'secret phrase';

/** An agent with so many keys that no host knows, and its keys' files. */
async function crowdedAgent(sshd: Sshd, strangers: number): Promise<SshAgent> {
  const agent = await SshAgent.start();
  for (let n = 0; n < strangers; n += 1) {
    const file = join(sshd.folder, `stranger${n}`);
    await makeKey(file);
    await agent.add(file);
  }
  return agent;
}

test.serial(
  'of eight keys in an SSH agent, the one that a file names is offered first, and its public half is enough',
  async (t) => {
    await using sshd = await Sshd.start(['MaxAuthTries 3']);
    await using agent = await crowdedAgent(sshd, 7);
    await agent.add(sshd.identityFile);
    const agentSocket = agent.socketPath;
    await connects(t, { destinations: [resolved(sshd, { agentSocket })] });
    const publicHalf = [`${sshd.identityFile}.pub`];
    await connects(t, {
      destinations: [
        resolved(sshd, { agentSocket, identityFiles: publicHalf, requiredIdentityFiles: publicHalf }),
      ],
    });
    await rm(sshd.identityFile);
    await connects(t, { destinations: [resolved(sshd, { agentSocket })] });
  },
);

test.serial(
  'an SSH agent with more keys than the host allows attempts fails to log in, as ssh does',
  async (t) => {
    await using sshd = await Sshd.start(['MaxAuthTries 3']);
    await using agent = await crowdedAgent(sshd, 7);
    await agent.add(sshd.identityFile);
    const overrides = { agentSocket: agent.socketPath, identityFiles: [], requiredIdentityFiles: [] };
    const error = await refused(t, { destinations: [resolved(sshd, overrides)] }, 'auth-failed');
    t.is(error.tried.length, 3);
    t.regex(error.message, /IdentitiesOnly/);
  },
);

test.serial('IdentitiesOnly keeps the other keys of the SSH agent from being offered', async (t) => {
  await using sshd = await Sshd.start(['MaxAuthTries 3']);
  await using agent = await crowdedAgent(sshd, 7);
  const overrides = { agentSocket: agent.socketPath, identitiesOnly: true };
  await connects(t, { destinations: [resolved(sshd, overrides)] });
});

for (const form of ['RFC4716', 'PEM', 'PKCS8']) {
  test.serial(`the passphrase of an encrypted key (${form}) is asked for once for two hosts`, async (t) => {
    await using first = await Sshd.start();
    await using second = await Sshd.start();
    const type = form === 'RFC4716' ? 'ed25519' : 'ecdsa';
    await rm(first.identityFile);
    await run('ssh-keygen', [
      '-q',
      '-t',
      type,
      '-a',
      '1',
      '-m',
      form,
      '-N',
      passphrase,
      '-f',
      first.identityFile,
    ]);
    const line = await readFile(`${first.identityFile}.pub`);
    for (const { folder } of [first, second]) await writeFile(join(folder, 'authorized_keys'), line);
    await rm(`${first.identityFile}.pub`);
    const files = { identityFiles: [first.identityFile], requiredIdentityFiles: [first.identityFile] };
    const { ask, asked } = answering(passphrase);
    const known = [first.knownHostsFile, second.knownHostsFile];
    const ways = [first, second].map((sshd) => resolved(sshd, { ...files, knownHostsFiles: known }));
    // As two destinations, one would be dropped: a way that needs the other one's key first makes them follow each other.
    await using tunnel = await Tunnel.open({ destinations: ways, ask });
    t.is(tunnel.state.status, 'connected');
    const via = tunnel.state.via?.port;
    await (via === first.port ? first : second).stop();
    for await (const { status, via: now } of tunnel.states()) {
      if (status === 'connected' && now?.port !== via) break;
    }
    t.deepEqual(
      asked.map(({ kind, echo }) => [kind, echo]),
      [['passphrase', false]],
    );
    t.true(asked[0]?.text.includes(first.identityFile));
    t.is(asked[0]?.position?.of, 2);
  });
}

test.serial('no passphrase is asked for a key that the host does not take', async (t) => {
  await using sshd = await Sshd.start();
  const stranger = join(sshd.folder, 'stranger');
  await makeKey(stranger, { passphrase });
  const files = [stranger, sshd.identityFile];
  const ask: Ask = () => t.fail();
  await connects(t, { destinations: [resolved(sshd, { identityFiles: files })], ask });
});

test.serial('a passphrase may be mistyped twice; then the login fails without the key', async (t) => {
  await using sshd = await Sshd.start();
  await encrypt(sshd, passphrase);
  const right = answering('wrong', 'wrong', passphrase);
  await connects(t, { ...sshd.options, ask: right.ask });
  t.is(right.asked.length, 3);
  const wrong = answering('wrong', 'wrong', 'wrong', passphrase);
  const error = await refused(t, { ...sshd.options, ask: wrong.ask }, 'auth-failed');
  t.is(wrong.asked.length, 3);
  t.false(JSON.stringify([error, error.message, String(error.cause)]).includes('wrong'));
});

test.serial('^C at a passphrase ends the attempt', async (t) => {
  await using sshd = await Sshd.start();
  await encrypt(sshd, passphrase);
  const interrupt = new Error('interrupted');
  t.is(
    await t.throwsAsync(Tunnel.open({ ...sshd.options, ask: () => Promise.reject(interrupt) })),
    interrupt,
  );
});

test.serial('BatchMode asks for no passphrase, and says what to do', async (t) => {
  await using sshd = await Sshd.start();
  await encrypt(sshd, passphrase);
  const ask: Ask = () => t.fail();
  const error = await refused(
    t,
    { destinations: [resolved(sshd, { batchMode: true })], ask },
    'bad-identity',
  );
  t.regex(error.message, /ssh-add/);
});

for (const type of ['ed25519', 'ecdsa', 'rsa']) {
  test.serial(
    `an ${type} key that needs nobody signs at once, without asking whether the host takes it`,
    async (t) => {
      await using sshd = await Sshd.start(['LogLevel VERBOSE']);
      await makeKey(sshd.identityFile, { type });
      await writeFile(join(sshd.folder, 'authorized_keys'), await readFile(`${sshd.identityFile}.pub`));
      await connects(t, sshd.options);
      t.true(sshd.log.some((line) => line.startsWith('Accepted publickey')));
      t.false(
        sshd.log.some((line) => line.startsWith('Postponed publickey')),
        sshd.log.join('\n'),
      );
      await using agent = await SshAgent.start();
      await agent.add(sshd.identityFile);
      await connects(t, { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath });
      t.true(sshd.log.some((line) => line.startsWith('Postponed publickey')));
    },
  );
}

test.serial('a PKCS#8 key gets in', async (t) => {
  await using sshd = await Sshd.start();
  const key = parsePrivateKey(await readFile(sshd.identityFile, 'utf8'));
  const pkcs8 = createPrivateKey(key.getPrivatePEM()).export({ type: 'pkcs8', format: 'pem' });
  await writeFile(sshd.identityFile, String(pkcs8));
  await connects(t, sshd.options);
});

test.serial(
  'two keys that the host wants both are given one after the other, from an SSH agent too',
  async (t) => {
    await using sshd = await Sshd.start(['AuthenticationMethods publickey,publickey']);
    const second = join(sshd.folder, 'second');
    await makeKey(second);
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${second}.pub`));
    await connects(t, { ...sshd.options, identityFiles: [sshd.identityFile, second] });
    await using agent = await SshAgent.start();
    for (const file of [sshd.identityFile, second]) await agent.add(file);
    await connects(t, { ...sshd.options, identityFiles: [], agentSocket: agent.socketPath });
  },
);

test.serial('ways to log in are tried in the order asked for, and only those', async (t) => {
  await using sshd = await Sshd.start(['PasswordAuthentication yes', 'PermitRootLogin yes']);
  const { ask, asked } = answering(undefined);
  await connects(t, { destinations: [resolved(sshd, { authMethods: ['password', 'publickey'] })], ask });
  t.deepEqual(
    asked.map(({ kind }) => kind),
    ['password'],
  );
  const none = answering(undefined);
  const destinations = [resolved(sshd, { authMethods: ['password'] })];
  const error = await refused(t, { destinations, ask: none.ask }, 'auth-failed');
  t.deepEqual(error.tried, []);
});
