import test from 'ava';
import { lastAcceptedKey, withoutAcceptedKeys } from '../../../tunnel/transport/openssh/accepted-keys.js';

const key = (letter: string) => `SHA256:${letter.repeat(43)}`;
const line = (said: string) => `debug1: sshconnect2.c:input_userauth_pk_ok():835 (pid=10784): ${said}\n`;

test('the key that a host accepted last is told, whatever its file is called', (t) => {
  const odd = `/home/a SHA256:${'x'.repeat(43)} explicit`;
  const output = `${line(`Server accepts key: id ED25519 ${key('A')} explicit`)}Some banner.\n${line(`Server accepts key: ${odd} RSA-CERT ${key('B')} explicit agent`)}`;
  t.is(lastAcceptedKey(output), key('B'));
  t.is(withoutAcceptedKeys(output), 'Some banner.\n');
});

test('what a host says does not pass for a key', (t) => {
  for (const output of [
    '',
    `Server accepts key: id ED25519 ${key('A')} explicit\n`,
    line('no such key'),
    line(`Server accepts key: id ED25519 ${key('A')}=`),
  ])
    t.is(lastAcceptedKey(output), undefined);
});
