import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test from 'ava';
import { formatKnownHostsLine } from '../../../tunnel/host-key/known-hosts.js';
import { Tunnel } from '../../../tunnel/index.js';
import { ed25519Key, rsaKey } from '../helpers/host-keys.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';
import { Target } from '../helpers/target.js';

const run = promisify(execFile);
const sent = 8 * 1024 * 1024;

/** Whether OpenSSH talks to a host that its known_hosts file says this of. */
async function sshAccepts(sshd: Sshd): Promise<boolean> {
  const settings = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${sshd.knownHostsFile}`,
  ];
  const { user, host, port } = sshd.destination;
  const options = [...settings, 'GlobalKnownHostsFile=/dev/null'].flatMap((one) => ['-o', one]);
  const where = ['-i', sshd.identityFile, '-p', String(port), `${user}@${host}`];
  try {
    await run('ssh', ['-F', 'none', ...options, ...where, 'true']);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 255) return false;
    throw error;
  }
}

async function weAccept(sshd: Sshd): Promise<boolean> {
  try {
    await using tunnel = await Tunnel.open({
      destinations: [resolved(sshd, { strictHostKeyChecking: 'yes' })],
      transport: 'ssh2',
    });
    return tunnel.state.status === 'connected';
  } catch {
    // Which error it is, is tested elsewhere.
    return false;
  }
}

test.serial('a host is talked to or refused as OpenSSH does it, whatever known_hosts says', async (t) => {
  await using sshd = await Sshd.start();
  const ours = await sshd.hostKey();
  const blob = Buffer.from(ours.split(' ')[1] ?? '', 'base64');
  const other = ed25519Key(1).text;
  const rsa = rsaKey(1).text;
  const name = `[127.0.0.1]:${sshd.port}`;
  const files = [
    '',
    `${name} ${ours}`,
    `${name} ${ours} a comment`,
    `${name} ${other}`,
    `${name} ${other}\n${name} ${ours}`,
    `127.0.0.1 ${ours}`,
    `127.0.0.1 ${other}`,
    `127.0.0.1 ${ours}\n${name} ${other}`,
    `[127.0.0.1]:22 ${ours}`,
    `[127.0.0.*]:* ${ours}`,
    `[127.0.0.?]:${sshd.port} ${ours}`,
    `*,!${name} ${ours}`,
    `* ${ours}`,
    `!${name} ${ours}`,
    `${formatKnownHostsLine(name, blob, randomBytes(20))}`,
    `${formatKnownHostsLine('127.0.0.1', blob, randomBytes(20))}`,
    `${formatKnownHostsLine('[127.0.0.1]:1', blob, randomBytes(20))}`,
    `@revoked * ${ours}\n${name} ${ours}`,
    `@revoked ${name} ${ours}\n${name} ${ours}`,
    `@revoked elsewhere ${ours}\n${name} ${ours}`,
    `@revoked * ${other}\n${name} ${ours}`,
    `@unknown ${name} ${ours}`,
    `# ${name} ${ours}`,
    `  ${name}\t${ours}`,
    `${name} ${rsa}`,
    `${name} ssh-rsa ${ours.split(' ')[1]}`,
    `${name} ${ours.slice(0, -4)}`,
    `elsewhere,${name} ${ours}`,
    `elsewhere, ${name} ${ours}`,
  ];
  for (const file of files) {
    await writeFile(sshd.knownHostsFile, `${file}\n`);
    const [ssh, we] = await Promise.all([sshAccepts(sshd), weAccept(sshd)]);
    t.is(we, ssh, file);
  }
});

test.serial(
  'a key revoked for the name without port is refused, which OpenSSH does only where that line decides',
  async (t) => {
    await using sshd = await Sshd.start();
    const ours = await sshd.hostKey();
    await writeFile(sshd.knownHostsFile, `@revoked 127.0.0.1 ${ours}\n[127.0.0.1]:${sshd.port} ${ours}\n`);
    t.false(await weAccept(sshd));
  },
);

test.serial('a key that a person accepted holds through rekeys under load', async (t) => {
  await using sshd = await Sshd.start(['RekeyLimit 1M']);
  await rm(sshd.knownHostsFile);
  await using target = await Target.start();
  await using tunnel = await Tunnel.open({ ...sshd.options, ask: async () => 'yes' });
  await using forward = await tunnel.forward(target.address);
  const content = randomBytes(sent);
  const echoed = await buffer(connect(forward.address.slice('unix://'.length)).end(content));
  t.is(digest(echoed), digest(content));
  t.regex(await readFile(sshd.knownHostsFile, 'utf8'), /ssh-ed25519/);
  t.is(tunnel.state.status, 'connected');
});

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
