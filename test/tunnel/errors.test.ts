import test from 'ava';
import { isPermanent, mostSerious, TunnelError, type TunnelErrorCode } from '../../tunnel/errors.js';

const failed = (code: TunnelErrorCode) => new TunnelError(code, `root@${code}:22`, `It was ${code}.`);

test.serial('of several failures the one that a person must see comes first', (t) => {
  const order: TunnelErrorCode[] = [
    'host-key-changed',
    'host-key-revoked',
    'host-key-unknown',
    'auth-failed',
    'bad-identity',
    'unreachable',
  ];
  for (const [i, code] of order.slice(0, -1).entries()) {
    const failures = order.slice(i).reverse().map(failed);
    const worst = mostSerious(failures);
    t.is(worst.code, code);
    t.is(worst.host, `root@${code}:22`);
    t.deepEqual(worst.attempts, failures);
  }
});

test.serial('a single failure stays itself', (t) => {
  const error = failed('unreachable');
  t.is(mostSerious([error]), error);
});

test.serial('trying again is hopeless only when it is so for every destination', (t) => {
  t.true(isPermanent(failed('auth-failed')));
  t.true(isPermanent(mostSerious([failed('auth-failed'), failed('host-key-changed')])));
  t.false(isPermanent(mostSerious([failed('unreachable'), failed('host-key-changed')])));
  t.false(isPermanent(failed('unreachable')));
});
