import test from 'ava';
import fc from 'fast-check';
import { formatDestination, parseDestination, TunnelError } from '../../tunnel/index.js';
import { parseHop } from '../../tunnel/parse-destination.js';

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
  ['ann+ops@host', 'ann+ops', 'host', 22],
  ['ann#web,1/2=x@host', 'ann#web,1/2=x', 'host', 22],
  ['web+1', 'me', 'web+1', 22],
  ['env=prod:2222', 'me', 'env=prod', 2222],
  ['prod/web', 'me', 'prod/web', 22],
  ['root@[127.0.0.2]:2302', 'root', '127.0.0.2', 2302],
  ['ssh://host', 'me', 'host', 22],
  ['SSH://root@host:2222/', 'root', 'host', 2222],
  ['ssh://joe%40corp@[::1]:2222', 'joe@corp', '::1', 2222],
  ['ssh://ann%3Atarget@host', 'ann:target', 'host', 22],
];

for (const [text, user, host, port] of accepted) {
  test.serial(`"${text}" is a destination`, (t) => {
    t.deepEqual(parseDestination(text, { defaultUser }), { user, host, port });
  });
}

test.serial('a host key in the query is kept, whether its plus signs are escaped or not', (t) => {
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

/** What a shell acts on somewhere, or takes for an option. */
const SHELLS = [...'$\\\'"`!*~%;&|<>(){}[]?', ' ', '\t', '\n', '\u00a0', '\0', '\u001b', '\u202e'];

test.serial('no character that a shell acts on gets into the name of a user or a host', (t) => {
  for (const character of SHELLS) {
    const name = `a${character}b`;
    const escaped = encodeURIComponent(name);
    for (const text of [`${name}@host`, name, `ssh://${escaped}@host`, `ssh://me@${escaped}:22`]) {
      const error = t.throws(
        () => parseDestination(text, { defaultUser }),
        { instanceOf: TunnelError },
        text,
      );
      t.is(error.code, 'bad-destination', text);
    }
  }
  for (const text of ['-a@host', '-a', '#a@host', 'ssh://-a@host', 'ssh://%2Da', 'me@-a']) {
    t.throws(() => parseDestination(text, { defaultUser }), { instanceOf: TunnelError }, text);
  }
});

/** Hops of a ProxyJump that OpenSSH takes, its last one as `ssh -G` prints it. */
const HOPS: readonly (readonly [text: string, user: string | undefined, host: string, port?: number])[] = [
  ['bastion', undefined, 'bastion'],
  ['root@[127.0.0.2]:2302', 'root', '127.0.0.2', 2302],
  ['[127.0.0.2]', undefined, '127.0.0.2'],
  ['[::1]:22', undefined, '::1', 22],
  ['me@[fe80::1%eth0]', 'me', 'fe80::1%eth0'],
  ['[bastion]:22', undefined, 'bastion', 22],
  ['bastion:', undefined, 'bastion'],
  ['bastion:ssh', undefined, 'bastion', 22],
  ['ssh://ann%3Atarget@bastion:2222', 'ann:target', 'bastion', 2222],
  ['ssh://ann;x=1@bastion', 'ann', 'bastion'],
  ['ann:target@bastion', 'ann:target', 'bastion'],
  ['CORP\\joe@bastion', 'CORP\\joe', 'bastion'],
  ['a$b@web+1', 'a$b', 'web+1'],
];

for (const [text, user, host, port] of HOPS) {
  test.serial(`"${text}" is a hop of a ProxyJump`, (t) => {
    const portOf = (service: string) => (service === 'ssh' ? 22 : undefined);
    t.deepEqual(parseHop(text, { portOf }), {
      host,
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port }),
    });
  });
}

test.serial('a hop that OpenSSH would hand to no shell is refused', (t) => {
  for (const text of [
    '',
    '@b',
    'a@',
    'b:x',
    'b:0',
    '-a@b',
    '-b',
    'a;b@c',
    'a -o@b',
    'a\\@b',
    'a$b',
    "a'b@c",
    'a@b c',
    'a@b\n',
    '::1',
  ])
    t.throws(() => parseHop(text, { portOf: () => undefined }), { instanceOf: TunnelError }, text);
});

for (const text of refused) {
  test.serial(`${JSON.stringify(text)} is no destination`, (t) => {
    const error = t.throws(() => parseDestination(text, { defaultUser }), { instanceOf: TunnelError });
    t.is(error.code, 'bad-destination');
  });
}

test.serial('a password in a destination is refused and not repeated', (t) => {
  for (const text of ['root:hunter2@host', 'ssh://root:hunter2@host:22', 'root:hun@ter2@host']) {
    const error = t.throws(() => parseDestination(text, { defaultUser }), { instanceOf: TunnelError });
    t.notRegex(`${error.message} ${error.host}`, /hun|ter2/);
    t.regex(error.message, /%3A.*@host/);
  }
});

test.serial(
  'any text is a destination or a TunnelError, and a destination survives being written and read',
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
