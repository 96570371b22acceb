import test from 'ava';
import fc from 'fast-check';
import { WorldError } from '../../../world/index.js';
import type { Endpoint } from '../../../world/internal.js';
import { formatEndpoint, parseEndpoint } from '../../../world/internal.js';

const reads = test.macro({
  exec: (t, text: string, expected: string) => t.is(formatEndpoint(parseEndpoint(text)), expected),
  title: (_, text, expected) => `the endpoint "${text}" is read as ${expected}`,
});

test.serial(reads, 'db1', 'http://db1:2379');
test.serial(reads, 'db1:1234', 'http://db1:1234');
test.serial(reads, '10.0.0.1', 'http://10.0.0.1:2379');
test.serial(reads, '[::1]', 'http://[::1]:2379');
test.serial(reads, '[fe80::1]:2380', 'http://[fe80::1]:2380');
test.serial(reads, 'http://db1', 'http://db1:2379');
test.serial(reads, 'http://db1:2379/', 'http://db1:2379');
test.serial(reads, 'HTTPS://db1.example.org', 'https://db1.example.org:2379');
test.serial(reads, ' unix:///run/etcd.sock ', 'unix:///run/etcd.sock');

const refuses = test.macro({
  exec: (t, text: string, message: RegExp) => {
    t.throws(() => parseEndpoint(text), { instanceOf: WorldError, code: 'invalid', message });
  },
  title: (_, text) => `the endpoint "${text}" is refused`,
});

test.serial(refuses, '', /hostname/);
test.serial(refuses, '::1', /brackets/);
test.serial(refuses, 'db1:', /port/);
test.serial(refuses, 'db1:0', /port/);
test.serial(refuses, 'db1:65536', /port/);
test.serial(refuses, 'db1:http', /port/);
test.serial(refuses, 'db1:2379/path', /port/);
test.serial(refuses, 'unix://relative:0', /unix:\/\/\/absolute/);
test.serial(refuses, 'ftp://db1', /"ftp"/);
test.serial(refuses, 'two words', /hostname/);

test.serial('a password in an endpoint is refused and not repeated', (t) => {
  const error = t.throws(() => parseEndpoint('http://root:secret@db1'), { code: 'invalid' });
  t.notRegex(error?.message ?? '', /secret/);
});

test.serial('any text is an endpoint or a WorldError, never anything else', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.ipV6(), fc.domain()), (text) => {
      try {
        parseEndpoint(text);
      } catch (error) {
        return error instanceof WorldError && error.code === 'invalid';
      }
      return true;
    }),
  );
  t.pass();
});

test.serial('a formatted endpoint parses back to the same one', (t) => {
  const port = fc.integer({ min: 1, max: 65_535 });
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  const tcp = fc.record({ scheme: fc.constantFrom('http' as const, 'https' as const), host, port });
  const unix = fc.record({
    scheme: fc.constant('unix' as const),
    path: fc.stringMatching(/^(\/[a-z. :-]+)+[a-z]$/),
  });
  fc.assert(
    fc.property(fc.oneof(tcp, unix), (endpoint: Endpoint) => {
      t.deepEqual(parseEndpoint(formatEndpoint(endpoint)), endpoint);
    }),
  );
});
