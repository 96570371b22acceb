import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import {
  type Authority,
  type CertifiedKey,
  createAuthority,
  issueHostCertificate,
} from '../../cli/setup/certificates/issue-certificate.js';
import { sendCertificates } from '../../cli/setup/certificates/send-certificates.js';
import type { RunOptions } from '../../cli/setup/host/host-shell.js';
import { freePort } from '../../fixtures/fleet/free-port.js';
import { getCertificates, isRenewalDue } from '../../world/agents/host-certificates.js';
import { EtcdWorld } from '../../world/index.js';
import { LocalAgents } from './helpers/local-agents.js';

test.serial('agents with certificates form a cluster that nobody without one can use', async (t) => {
  const authority = createAuthority('test');
  await using agents = await LocalAgents.create('3.5');
  const give = async (name: string) => {
    const issued = issueHostCertificate(authority, { hostname: name, addresses: ['127.0.0.1'] });
    const folder = path.join(agents.folder, `${name}.certificates`);
    await sendCertificates(
      { name, run: runHere },
      issued,
      authority.cert,
      AbortSignal.timeout(60_000),
      folder,
    );
    return { folder: `${folder}/tls`, cert: issued.cert };
  };
  for (const name of ['h1', 'h2', 'h3']) {
    const [clientUrl, serverUrl] = [await freePort(), await freePort()].map(
      (port) => `https://127.0.0.1:${port}`,
    );
    if (clientUrl === undefined || serverUrl === undefined) throw new Error('there are no ports');
    const agent = await agents.add(name, { clientUrl, serverUrl });
    const socket = ['--client-urls', `unix://${agent.prefix}/etcd.sock`];
    const flags = certificateFlags((await give(name)).folder);
    agent.start(agents.agents.slice(0, agents.agents.length - 1).slice(0, 1), [...flags, ...socket]);
  }
  const tls = tlsOptions((await give('client')).folder);
  const endpoints = agents.agents.map(({ clientUrl }) => clientUrl);
  await using world = EtcdWorld.create({
    seeds: endpoints,
    hostname: 'test',
    tls,
  });
  for (const agent of agents.agents) await agent.logged(/is a voting member/);
  const members = await world.members();
  t.deepEqual(members.map(({ name, isLearner }) => `${name} ${isLearner}`).sort(), [
    'h1 false',
    'h2 false',
    'h3 false',
  ]);
  t.deepEqual(
    members.flatMap(({ peerUrls }) => peerUrls.filter((url) => !url.startsWith('https:'))),
    [],
  );

  await agents.eventually('the agents say for how long their certificates count', async () => {
    const lives = await getCertificates(world.client);
    const end = new Date(new X509Certificate(authority.cert).validTo).toISOString();
    return (
      lives.size === 3 &&
      [...lives.values()].every((life) => !isRenewalDue(life) && life.authority?.to === end)
    );
  });

  for (const { name, prefix, log } of agents.agents) {
    t.notRegex(log, / warn /, name);
    await using near = EtcdWorld.create({ seeds: [`unix://${prefix}/etcd.sock`], hostname: 'near' });
    t.is((await near.members()).length, 3, `the socket of ${name} needs no certificate`);
  }
  await using stranger = EtcdWorld.create({
    seeds: endpoints,
    hostname: 'stranger',
    tls: { caFile: tls.caFile },
  });
  await t.throwsAsync(stranger.strGet('motd', { timeoutMs: 3_000 }), { message: /certificate/ });

  // Renewed while the fleet works: the files are replaced, nothing is restarted, and no write is lost.
  const pids = agents.agents.map(({ pid }) => pid);
  const over = new AbortController();
  const writing = (async () => {
    for (let count = 0; ; count += 1) {
      if (over.signal.aborted) return count;
      await world.client.set(`/counted/${count}`, 'x', { repeatable: true });
    }
  })();
  for (const { name, clientUrl, serverUrl } of agents.agents) {
    const { cert } = await give(name);
    for (const url of [clientUrl, serverUrl]) t.is(await presented(url, tls), serialOf(cert), url);
  }
  over.abort();
  const count = await writing;
  t.is((await world.client.list('/counted/')).entries.length, count);
  t.deepEqual(
    agents.agents.map(({ pid }) => pid),
    pids,
  );

  const [first] = agents.agents;
  if (first === undefined) throw new Error('there is no agent');
  await turnsAway(t, authority, [first.clientUrl, first.serverUrl]);
});

/** Either port of a server takes nobody whose certificate is of another authority, or has expired. */
async function turnsAway(t: ExecutionContext, authority: Authority, urls: readonly string[]): Promise<void> {
  const h1 = { hostname: 'h1', addresses: ['127.0.0.1'] };
  const strangers = issueHostCertificate(createAuthority('test'), h1);
  const expired = issueHostCertificate(authority, h1, new Date(Date.now() - 400 * 86_400_000));
  for (const url of urls) {
    t.false(await answered(url, authority.cert, strangers), `another authority, ${url}`);
    t.false(await answered(url, authority.cert, expired), `expired, ${url}`);
    t.true(await answered(url, authority.cert, issueHostCertificate(authority, h1)), url);
  }
}

const runHere = async (script: string, { args = [], input }: RunOptions = {}) => {
  const child = spawn('sh', ['-c', script, 'sh', ...args]);
  child.stdin.end(input);
  const stderr = text(child.stderr);
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout: '', stderr: await stderr };
};

const tlsOptions = (folder: string) => ({
  caFile: `${folder}/ca.crt`,
  certFile: `${folder}/host.crt`,
  keyFile: `${folder}/host.key`,
});

function certificateFlags(folder: string): string[] {
  const { caFile, certFile, keyFile } = tlsOptions(folder);
  return ['', 'peer-'].flatMap((side) => [
    ...[`--${side}cert-file`, certFile],
    ...[`--${side}key-file`, keyFile],
    ...[`--${side}trusted-ca-file`, caFile],
  ]);
}

const serialOf = (cert: string): string => new X509Certificate(cert).serialNumber;

/** The serial number of the certificate that a server shows to a new connection. */
async function presented(url: string, files: ReturnType<typeof tlsOptions>): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const [ca, cert, key] = await Promise.all(
    [files.caFile, files.certFile, files.keyFile].map((file) => readFile(file)),
  );
  const socket = connect({ host, port: Number(port), ...(ca && cert && key ? { ca, cert, key } : {}) });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** Whether a server talks to whoever has this certificate: under TLS 1.3 it refuses only after the handshake. */
async function answered(url: string, ca: string, { cert, key }: CertifiedKey): Promise<boolean> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), ca, cert, key });
  socket.on('error', () => undefined);
  socket.on('secureConnect', () => socket.write('GET /health HTTP/1.0\r\n\r\n'));
  const said = text(socket).catch(() => '');
  return (await said).includes('HTTP/');
}
