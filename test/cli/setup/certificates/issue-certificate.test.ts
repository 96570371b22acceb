import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, createServer } from 'node:tls';
import { promisify } from 'node:util';
import test from 'ava';
import { authorityWarning, issuerOf } from '../../../../cli/setup/certificates/authorities.js';
import {
  covers,
  createAuthority,
  issueHostCertificate,
  needsRenewal,
} from '../../../../cli/setup/certificates/issue-certificate.js';

const authority = createAuthority('prod');
const addresses = ['10.0.0.1', 'fd00::1', '::ffff:10.0.0.2'];
const host = issueHostCertificate(authority, { hostname: 'web1', addresses });

test('A host’s certificate names the host and every address, for both directions', (t) => {
  const cert = new X509Certificate(host.cert);
  for (const address of [...addresses, '127.0.0.1', '::1']) t.truthy(cert.checkIP(address), address);
  t.is(cert.checkIP('10.0.0.3'), undefined);
  t.is(cert.checkHost('web1'), 'web1');
  t.false(cert.ca);
  t.deepEqual(cert.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  t.true(cert.verify(new X509Certificate(authority.cert).publicKey));
  t.true(cert.checkIssued(new X509Certificate(authority.cert)));
  t.true(cert.checkPrivateKey(createPrivateKey(host.key)));
  t.true(new X509Certificate(authority.cert).ca);
});

test('OpenSSL takes both by its strict rules', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-certificates-'));
  try {
    const [ca, leaf] = [path.join(folder, 'ca.crt'), path.join(folder, 'host.crt')];
    await writeFile(ca, authority.cert);
    await writeFile(leaf, host.cert);
    for (const purpose of ['sslserver', 'sslclient']) {
      const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca, leaf];
      const { stdout } = await promisify(execFile)('openssl', args);
      t.regex(stdout, /: OK\n$/);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('Two hosts talk by mutual TLS, and one of another authority does not', async (t) => {
  const options = { cert: host.cert, key: host.key, ca: authority.cert };
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true });
  server.on('secureConnection', (socket) => socket.end('in'));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const talk = (own: typeof host) =>
    new Promise<string>((resolve) => {
      let said = '';
      const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, ...own });
      socket.on('data', (chunk) => {
        said += chunk;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(said));
    });
  t.is(await talk(issueHostCertificate(authority, { hostname: 'web2', addresses: [] })), 'in');
  const other = createAuthority('prod');
  t.is(await talk(issueHostCertificate(other, { hostname: 'web2', addresses: [] })), '');
  await new Promise((resolve) => server.close(resolve));
});

test('A certificate is renewed from two thirds of its life on', (t) => {
  const day = 86_400_000;
  const since = (days: number) => new Date(Date.now() + days * day);
  t.false(needsRenewal(host.cert, since(242)));
  t.true(needsRenewal(host.cert, since(244)));
  t.true(needsRenewal(host.cert, since(400)));
});

test('A certificate is for its names and addresses, of the one authority that issued it', (t) => {
  t.true(covers(host.cert, ['web1', '10.0.0.1', 'fd00:0:0::1']));
  t.false(covers(host.cert, ['web1', '10.0.0.9']));
  t.false(covers(host.cert, ['web2']));
  const other = createAuthority('prod').cert;
  t.is(issuerOf(host.cert, [other, authority.cert]), authority.cert);
  t.is(issuerOf(host.cert, [other]), undefined);
  t.is(issuerOf('cut off', [authority.cert]), undefined);
});

test('No certificate outlives its authority', (t) => {
  const day = 86_400_000;
  const old = createAuthority('prod', new Date(Date.now() - 3_600 * day));
  const { cert } = issueHostCertificate(old, { hostname: 'web1', addresses: [] });
  t.is(new X509Certificate(cert).validTo, new X509Certificate(old.cert).validTo);
});

test('An authority is warned of from two thirds of its life on, unless it is being replaced', (t) => {
  const day = 86_400_000;
  const since = (days: number) => new Date(Date.now() + days * day);
  t.is(authorityWarning(undefined), undefined);
  t.is(authorityWarning(authority.cert, since(2_430)), undefined);
  const message = authorityWarning(authority.cert, since(2_440)) ?? '';
  t.regex(message, /expires on 20\d\d-\d\d-\d\d.*"hawser up --new-authority"/);
  t.is(authorityWarning(`${createAuthority('prod').cert}${authority.cert}`, since(2_440)), undefined);
});
