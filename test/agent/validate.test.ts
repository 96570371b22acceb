import test from 'ava';
import { AgentError } from '../../agent/errors.js';
import { type ValidatedOptions, validateEmbdEtcd } from '../../agent/validate.js';

const valid: ValidatedOptions = {
  hostname: 'h1',
  prefix: '/var/lib/hawser',
  namespace: '/_mgmt',
  clientUrls: ['http://127.0.0.1:2379'],
  serverUrls: ['http://127.0.0.1:2380'],
};

const refused = test.macro({
  exec(t, change: Partial<ValidatedOptions>, message: RegExp) {
    const error = t.throws(() => validateEmbdEtcd({ ...valid, ...change }), { instanceOf: AgentError });
    t.regex(error.message, message);
  },
  title: (_, change) => `refuses ${JSON.stringify(change)}`,
});

test.serial('accepts options that can work', (t) => {
  t.notThrows(() => validateEmbdEtcd(valid));
});
test.serial(refused, { hostname: '' }, /hostname/);
test.serial(refused, { hostname: 'a/b' }, /hostname/);
test.serial(refused, { hostname: 'a,b' }, /hostname/);
test.serial(refused, { prefix: 'relative' }, /absolute folder, not relative/);
test.serial(refused, { namespace: '/_mgmt/' }, /must not end in a slash/);
test.serial(refused, { clientUrls: [] }, /client URL/);
test.serial(refused, { serverUrls: ['http://127.0.0.1:2379'] }, /cannot share 127\.0\.0\.1:2379/);
test.serial(refused, { serverUrls: ['nonsense'] }, /nonsense is no URL/);
