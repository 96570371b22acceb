import test from 'ava';
import { describeKey } from '../../../world/client/error/name-key-for-users.js';
import * as keys from '../../../world/keys.js';

const called = test.macro({
  exec: (t, key: string, words: string) => t.is(describeKey(key), words),
  title: (_, key, words) => `${key} is called ${words}`,
});

test(called, '/strings/motd', 'the string "motd"');
test(called, '/strings/motd/', 'the string map "motd"');
test(called, '/strings/motd/h1', '"motd" of h1');
test(called, '/deploy/', 'the deploy log');
test(called, '/deploy/7/payload', 'deploy 7');
test(called, '/agents/', 'the agents');
test(called, '/chooser/dynamicsize/idealclustersize', 'the ideal cluster size');
test(called, '/hawser/hosts/', 'the hosts of the fleet');
test(called, '/hawser/hosts/h1', 'the host h1');
test(called, '/hawser/fs-places/ab', 'where file systems are stored');
test(called, '/hawser/trees/ab', 'the files of deploys');
test(called, '/fs/deploy/', 'the files of deploys');
test(called, '/fs/deploy/ab', 'the file system "deploy/ab"');
test(called, '/anything/of/a/library/user', '/anything/of/a/library/user');

test('whatever hawser keeps in etcd has a name for users', (t) => {
  const kept = Object.entries(keys).filter(([name]) => name !== 'DEFAULT_NAMESPACE');
  t.true(kept.length > 20);
  for (const [name, key] of kept) t.not(describeKey(key), key, name);
});
