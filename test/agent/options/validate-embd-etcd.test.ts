import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { AgentError } from '../../../agent/errors.js';
import { collide, parseServerUrl } from '../../../agent/options/parse-server-url.js';
import { type ValidatedOptions, validateEmbdEtcd } from '../../../agent/options/validate-embd-etcd.js';
import { checkPrefix } from '../../../agent/prefix/check-prefix.js';

const valid: ValidatedOptions = {
  hostname: 'h1',
  prefix: '/var/lib/hawser',
  namespace: '/_mgmt',
  clientUrls: ['http://127.0.0.1:2379'],
  serverUrls: ['http://127.0.0.1:2380'],
};
const files = { certFile: '/c.crt', keyFile: '/c.key' };
const tls = { client: files, peer: files };
const https: Partial<ValidatedOptions> = {
  clientUrls: ['https://10.0.0.1:2379'],
  serverUrls: ['https://10.0.0.1:2380'],
};
const noNetwork: Partial<ValidatedOptions> = { noNetwork: true, clientUrls: [], serverUrls: [] };

const refused = test.macro({
  exec(t, change: Partial<ValidatedOptions>, message: RegExp) {
    const error = t.throws(() => validateEmbdEtcd({ ...valid, ...change }), { instanceOf: AgentError });
    t.is(error.code, 'invalid');
    t.regex(error.message, message);
  },
  title: (_, change) => `refuses ${JSON.stringify(change)}`,
});

for (const change of [
  {},
  { namespace: '' },
  { ...https, tls },
  noNetwork,
  { serverUrls: [] },
  { clientUrls: ['unix:///run/hawser/etcd.sock'], socketGroup: 'hawser' },
  { clientUrls: ['http://localhost:2379', 'http://10.0.0.1:2379'] },
  { clientUrls: ['http://[::1]:2379'], serverUrls: ['http://127.0.0.1:2379'] },
  { clientUrls: ['http://0.0.0.0:2379'], aClientUrls: ['http://web1.example:2379'] },
] as Partial<ValidatedOptions>[]) {
  test.serial(`accepts ${JSON.stringify(change)}`, (t) => {
    t.notThrows(() => validateEmbdEtcd({ ...valid, ...change }));
  });
}

test.serial(refused, { hostname: '' }, /"" is not a valid hostname: it must be non-empty/);
test.serial(refused, { hostname: '*' }, /hostname must not be "\*"/);
test.serial(refused, { hostname: 'a/b' }, /hostname/);
test.serial(refused, { hostname: 'a,b' }, /hostname/);
test.serial(refused, { hostname: 'a=b' }, /hostname/);
test.serial(refused, { hostname: 'a b' }, /hostname/);
test.serial(refused, { prefix: '' }, /absolute path, not empty/);
test.serial(refused, { prefix: 'relative' }, /absolute path, not relative/);
test.serial(refused, { prefix: '/var/..' }, /must not be the root directory \/\./);
test.serial(
  refused,
  { namespace: '/' },
  /"\/" is not a valid namespace: it must be empty, or start with a slash/,
);
test.serial(refused, { namespace: '/_mgmt/' }, /and not end with one/);
test.serial(refused, { clientUrls: [] }, /needs a client URL/);
const shared = ['unix:///run/hawser/etcd.sock'];
test.serial(refused, { clientUrls: shared, socketGroup: '' }, /"" is not the name of a group/);
test.serial(refused, { clientUrls: shared, socketGroup: '-x' }, /"-x" is not the name of a group/);
test.serial(refused, { socketGroup: 'hawser' }, /pass exactly one unix:\/\/\/path/);
test.serial(refused, { clientUrls: [...shared, 'unix:///run/s'], socketGroup: 'hawser' }, /exactly one/);
test.serial(
  refused,
  { clientUrls: ['unix:///var/lib/hawser/etcd.sock'], socketGroup: 'hawser' },
  /hawser cannot reach \/var\/lib\/hawser\/etcd.sock/,
);
test.serial(refused, { ...noNetwork, socketGroup: 'hawser' }, /exactly one/);
test.serial(refused, { aClientUrls: [] }, /--advertise-client-urls must not be empty/);

test.serial(refused, { serverUrls: ['http://127.0.0.1:2379'] }, /servers cannot share 127\.0\.0\.1:2379/);
test.serial(refused, { serverUrls: ['http://localhost:2379'] }, /share 127\.0\.0\.1:2379 and localhost:2379/);
test.serial(
  refused,
  { serverUrls: ['http://0.0.0.0:2379'], aServerUrls: ['http://10.0.0.1:2379'] },
  /cannot share 127\.0\.0\.1:2379 and 0\.0\.0\.0:2379/,
);
test.serial(
  refused,
  { serverUrls: ['http://[::]:2379'], aServerUrls: ['http://10.0.0.1:2379'] },
  /cannot share 127\.0\.0\.1:2379 and \[::\]:2379/,
);
test.serial(
  refused,
  { clientUrls: ['http://127.0.0.1:2379', 'http://127.0.0.1:2379'] },
  /cannot listen twice on 127\.0\.0\.1:2379/,
);

test.serial(refused, { serverUrls: ['nonsense'] }, /^nonsense is not a URL: write http:\/\/host:port\.$/);
test.serial(refused, { serverUrls: [''] }, /empty text is not a URL/);
test.serial(refused, { serverUrls: ['127.0.0.1:2380'] }, /is not a URL: write/);
test.serial(refused, { serverUrls: ['ftp://127.0.0.1:2380'] }, /neither http/);
test.serial(refused, { serverUrls: ['unix://peer:0'] }, /is a unix socket/);
test.serial(refused, { serverUrls: ['http://127.0.0.1'] }, /has no host and port/);
test.serial(refused, { serverUrls: ['http://:2380'] }, /has no valid host/);
test.serial(refused, { serverUrls: ['http://127.0.0.1:0'] }, /needs a port from 1 to 65535/);
test.serial(refused, { serverUrls: ['http://127.0.0.1:70000'] }, /needs a port from 1 to 65535/);
test.serial(refused, { serverUrls: ['http://127.0.0.1:2380/'] }, /more than host and port/);
test.serial(refused, { serverUrls: ['http://127.0.0.1:2380/x?y'] }, /more than host and port/);
test.serial(
  refused,
  { serverUrls: ['http://web1:2380'] },
  /names a host, but etcd listens only on addresses/,
);
test.serial(refused, { aServerUrls: ['http://0.0.0.0:2380'] }, /--advertise-server-urls/);
test.serial(refused, { aClientUrls: ['http://[::]:2379'] }, /--advertise-client-urls/);
test.serial(refused, { clientUrls: ['http://0.0.0.0:2379'] }, /cannot be advertised/);
test.serial(refused, { aClientUrls: ['unix:///tmp/x'] }, /is a unix socket/);

test.serial(refused, { ...https }, /needs a certificate: pass --cert-file and --key-file/);
test.serial(refused, { ...https, tls: { client: files } }, /2380 needs a certificate: pass --peer-cert-file/);
test.serial(refused, { tls }, /^http:\/\/127\.0\.0\.1:2379 would bypass the certificate for clients/);
test.serial(refused, { tls: { peer: files } }, /2380 would bypass the certificate for servers/);
test.serial(refused, { ...https, tls, aClientUrls: ['http://10.0.0.1:2379'] }, /would bypass/);

test.serial(
  refused,
  { ...noNetwork, seeds: ['http://10.0.0.1:2379'] },
  /without a network.*accepts no seeds/,
);
test.serial(refused, { ...noNetwork, clientUrls: valid.clientUrls }, /accepts no client URLs/);
test.serial(refused, { ...noNetwork, serverUrls: valid.serverUrls }, /accepts no server URLs/);
test.serial(refused, { ...noNetwork, aServerUrls: valid.serverUrls }, /accepts no advertised server URLs/);
test.serial(refused, { ...noNetwork, tls }, /accepts no certificates/);
test.serial(refused, { ...noNetwork, prefix: `/${'x'.repeat(100)}` }, /too long for the unix socket/);

test.serial('a password in a URL is refused without repeating it', (t) => {
  const change = { serverUrls: ['http://me:secret@127.0.0.1:2380'] };
  const error = t.throws(() => validateEmbdEtcd({ ...valid, ...change }), { instanceOf: AgentError });
  t.regex(error.message, /must not contain a user or a password/);
  t.notRegex(error.message, /secret/);
});

test.serial('whatever stands in a URL, it is read or refused in a sentence', (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((rest) => `http://${rest}:1`),
  );
  fc.assert(
    fc.property(text, (url) => {
      try {
        const { scheme, port } = parseServerUrl(url);
        t.true(['http', 'https'].includes(scheme) && port >= 1 && port <= 65_535);
      } catch (error) {
        t.true(error instanceof AgentError && error.code === 'invalid', String(error));
      }
    }),
  );
});

test.serial('whether two addresses collide does not depend on their order', (t) => {
  const host = fc.constantFrom('0.0.0.0', '[::]', 'localhost', '127.0.0.1', '[::1]', '10.0.0.1');
  const url = fc
    .tuple(host, fc.constantFrom(1, 2))
    .map(([name, port]) => parseServerUrl(`http://${name}:${port}`));
  fc.assert(fc.property(url, url, (a, b) => collide(a, b) === collide(b, a) && collide(a, a)));
  t.pass();
});

test.serial('a prefix that cannot be a directory is refused with the reason', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'hawser-prefix-'));
  try {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    t.throws(() => checkPrefix(file), { message: /prefix .*\/file: it is a file \(EEXIST\)/ });
    t.throws(() => checkPrefix(`${file}/below`), { message: /prefix .*\/below: part of the path is a file/ });
    t.throws(() => checkPrefix('/proc/hawser'), {
      message: /prefix \/proc\/hawser: a directory cannot be created there/,
    });
    t.notThrows(() => checkPrefix(path.join(folder, 'new/one')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
