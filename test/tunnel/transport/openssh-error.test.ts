import test from 'ava';
import type { TunnelErrorCode } from '../../../tunnel/index.js';
import { translateOpenSshFailure } from '../../../tunnel/transport/openssh/translate-openssh-failure.js';

const host = { user: 'me', host: 'h.example', port: 22 };

const CHANGED = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
The fingerprint for the ED25519 key sent by the remote host is
SHA256:KW+faptrDJL/VDeKDqT89AkDB66IsZAvuqdIW1JR5ME.
Offending ED25519 key in /home/me/.ssh/known_hosts:7
Host key for h.example has changed and you have requested strict checking.
Host key verification failed.`;

/** What OpenSSH writes, and what that is to us. */
const SAID: readonly (readonly [text: string, code: TunnelErrorCode])[] = [
  [CHANGED, 'host-key-changed'],
  ['@       WARNING: REVOKED HOST KEY DETECTED!               @', 'host-key-revoked'],
  [
    'No ED25519 host key is known for h.example and you have requested strict checking.\nHost key verification failed.',
    'host-key-unknown',
  ],
  ['Host key verification failed.', 'host-key-unknown'],
  ['me@h.example: Permission denied (publickey).', 'auth-failed'],
  ['Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures', 'auth-failed'],
  ['ssh: Could not resolve hostname h.example: Name or service not known', 'unreachable'],
  ['ssh: connect to host h.example port 22: Connection refused', 'unreachable'],
  ['ssh: connect to host h.example port 22: Connection timed out', 'unreachable'],
  ['ssh: connect to host h.example port 22: No route to host', 'unreachable'],
  ['kex_exchange_identification: read: Connection reset by peer', 'unreachable'],
  ['Connection closed by 192.0.2.1 port 22', 'unreachable'],
  ['/home/me/.ssh/config: line 3: Bad configuration option: nonsense', 'bad-destination'],
  [
    'Unable to negotiate with 192.0.2.1 port 22: no matching MAC found. Their offer: hmac-md5,hmac-sha1-96',
    'no-common-algorithm',
  ],
  ['Bad owner or permissions on /home/me/.ssh/config', 'bad-destination'],
  ['something that nobody has seen before', 'unreachable'],
  ['', 'unreachable'],
];

for (const [text, code] of SAID) {
  test.serial(`"${text.split('\n').at(-1)}" after ${text.length} characters is ${code}`, (t) => {
    const error = translateOpenSshFailure(host, text);
    t.is(error.code, code);
    t.is(error.host, 'me@h.example:22');
    t.regex(error.message, /^Could not connect to me@h\.example:22: .+\. .+\.$/s);
  });
}

test.serial('of what somebody else wrote a sentence has so much as a person reads', (t) => {
  const long = translateOpenSshFailure(host, `banner\n${'x'.repeat(16_000)}`);
  t.regex(long.message, /ssh reported "x{300}…". Check the address/);
  const offer = `no matching cipher found. Their offer: $(id\x1b[2J),${'aes-x,'.repeat(2000)}`;
  const none = translateOpenSshFailure(host, offer);
  t.true(none.message.length < 700, none.message);
  t.regex(none.message, /"Ciphers \+aes-x"/);
  t.notRegex(none.message, /\$\(id/);
});

test.serial('of a changed key the fingerprint and the line that knows another are told', (t) => {
  const { fingerprint, file, line } = translateOpenSshFailure(host, CHANGED);
  t.is(fingerprint, 'SHA256:KW+faptrDJL/VDeKDqT89AkDB66IsZAvuqdIW1JR5ME');
  t.is(file, '/home/me/.ssh/known_hosts');
  t.is(line, 7);
});

test.serial('where one key alone was to be accepted, an unknown one is a changed one', (t) => {
  const pinned = { ...host, hostKey: 'SHA256:KW+faptrDJL/VDeKDqT89AkDB66IsZAvuqdIW1JR5ME' };
  t.is(translateOpenSshFailure(pinned, 'Host key verification failed.').code, 'host-key-changed');
  t.is(translateOpenSshFailure(pinned, 'REVOKED HOST KEY DETECTED').code, 'host-key-revoked');
});

test.serial('a server that hangs up before it says anything may be asked again', (t) => {
  t.true(
    translateOpenSshFailure(host, 'kex_exchange_identification: Connection closed by remote host').wasDropped,
  );
  t.false(
    translateOpenSshFailure(host, 'ssh: connect to host h.example port 22: Connection refused').wasDropped,
  );
});
