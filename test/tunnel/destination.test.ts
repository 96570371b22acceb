import test from 'ava';
import fc from 'fast-check';
import { formatDestination, parseDestination, TunnelError } from '../../tunnel/index.js';

const defaultUser = 'me';

const accepted: readonly (readonly [text: string, user: string, host: string, port: number])[] = [
  ['host', 'me', 'host', 22],
  ['root@host.example', 'root', 'host.example', 22],
  ['root@host:2222', 'root', 'host', 2222],
  ['10.0.0.1:1', 'me', '10.0.0.1', 1],
  ['::1', 'me', '::1', 22],
  ['[::1]', 'me', '::1', 22],
  ['root@[fe80::1%eth0]:65535', 'root', 'fe80::1%eth0', 65_535],
  ['joe@corp.example@host', 'joe@corp.example', 'host', 22],
  ['CORP\\joe@host', 'CORP\\joe', 'host', 22],
  ['ssh://host', 'me', 'host', 22],
  ['SSH://root@host:2222/', 'root', 'host', 2222],
  ['ssh://joe%40corp@[::1]:2222', 'joe@corp', '::1', 2222],
];

for (const [text, user, host, port] of accepted) {
  test.serial(`"${text}" is a destination`, (t) => {
    t.deepEqual(parseDestination(text, { defaultUser }), { user, host, port });
  });
}

test.serial('A host key in the query is kept, whether its plus signs are escaped or not', (t) => {
  const key = 'AAAAC3Nza+C1/lZDI1=';
  for (const text of [`ssh://host?hostkey=${key}`, `host?hostkey=${encodeURIComponent(key)}`]) {
    t.is(parseDestination(text, { defaultUser }).hostKey, key);
  }
  t.is(parseDestination('ssh://h?hostkey=ssh-ed25519%20AAAA', { defaultUser }).hostKey, 'ssh-ed25519 AAAA');
});

const refused = [
  '',
  '@host',
  'root@',
  'host:',
  'host:0',
  'host:65536',
  'host:22x',
  'host:1:2',
  '[::1',
  '[host]:22',
  'ho st',
  'host\n',
  '-oProxyCommand=x',
  '-l@host',
  'a b@host',
  'ssh://host/path',
  'ssh://host#part',
  'ssh://%zz@host',
  'host?hostkey=',
  'host?user=x',
  'host?hostkey=a&hostkey=b',
  'http://host',
];

for (const text of refused) {
  test.serial(`${JSON.stringify(text)} is no destination`, (t) => {
    const error = t.throws(() => parseDestination(text, { defaultUser }), { instanceOf: TunnelError });
    t.is(error.code, 'bad-destination');
  });
}

test.serial('A password in a destination is refused and not repeated', (t) => {
  for (const text of ['root:hunter2@host', 'ssh://root:hunter2@host:22', 'root:hun@ter2@host']) {
    const error = t.throws(() => parseDestination(text, { defaultUser }), { instanceOf: TunnelError });
    t.notRegex(`${error.message} ${error.host}`, /hun|ter2/);
  }
});

test.serial(
  'Any text is a destination or a TunnelError, and a destination survives being written and read',
  (t) => {
    const piece = fc.constantFrom(
      '@',
      ':',
      '[',
      ']',
      '?hostkey=',
      'ssh://',
      '%',
      '/',
      '::1',
      '22',
      'host',
      'root',
    );
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const { user, host, port } = parseDestination(input, { defaultUser });
          const again = parseDestination(formatDestination({ user, host, port }), { defaultUser });
          t.deepEqual(again, { user, host, port });
        } catch (error) {
          if (!(error instanceof TunnelError && error.code === 'bad-destination')) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
    t.pass();
  },
);
