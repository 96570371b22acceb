import test from 'ava';
import { connectionKeysOf } from '../../../cli/trust/connection-settings.js';
import { decideTrust, type FolderConfig } from '../../../cli/trust/decide-trust.js';
import { escapeNonAscii } from '../../../cli/trust/escape-non-ascii.js';
import { shortKeyLines } from '../../../cli/trust/format-settings.js';
import { usedKeys } from '../../../cli/trust/settings-in-effect.js';

const us = process.geteuid?.() ?? 0;
const keys = connectionKeysOf({ 'ssh-url': ['a', 'b'], tls: { cert: 'c' }, name: 'app' });
const config: FolderConfig = { file: '/x y/hawser.yaml', folder: '/x y', owners: [us], keys, digest: 'now' };
const remembered = { folder: '/x y', digest: 'now', since: '' };

test('trust holds for the keys as they were, and for files that nobody else owns', (t) => {
  t.is(decideTrust(config, remembered, []).kind, 'trusted');
  t.is(decideTrust(config, undefined, ['ssh-url']).kind, 'unknown');
  t.is(decideTrust({ ...config, digest: 'later' }, remembered, []).kind, 'changed');
  for (const owners of [[us + 1], [us, us + 1]]) {
    t.is(decideTrust({ ...config, owners }, remembered, []).kind, 'not-yours');
  }
});

test('a refusal names the keys in use, and the command as a shell takes it', (t) => {
  const verdict = decideTrust(config, undefined, ['ssh-url', 'tls.cert']);
  t.like(verdict, { kind: 'unknown' });
  t.regex('message' in verdict ? verdict.message : '', /\(ssh-url, tls\.cert\).*hawser trust '\/x y'$/);
});

test('a key that is no key of an app is a connection key, whatever it is', (t) => {
  t.deepEqual(connectionKeysOf({ name: 'a', run: ['x'], env: { A: 'b' }, health: {}, fleet: 'f' }), []);
  t.deepEqual(connectionKeysOf({ 'invented-later': 1 }), [{ key: 'invented-later', values: ['1'] }]);
  t.deepEqual(usedKeys([{ key: 'invented-later', values: ['1'] }], { seeds: [] }, { usesHosts: false }), [
    'invented-later',
  ]);
});

test('only what no flag overrules is in use', (t) => {
  t.deepEqual(usedKeys(keys, { sshUrl: ['c'] }, { usesHosts: false }), ['tls.cert']);
  t.deepEqual(usedKeys(keys, { sshUrl: ['c'], cert: 'd' }, { usesHosts: true }), []);
  const hosts = [{ key: 'ssh-hosts', values: ['a'] }];
  t.deepEqual(usedKeys(hosts, {}, { usesHosts: false }), []);
  t.deepEqual(usedKeys(hosts, {}, { usesHosts: true }), ['ssh-hosts']);
});

const shownAs = test.macro({
  exec: (t, text: string, shown: string) => t.is(escapeNonAscii(text), shown),
  title: (_, text) => `a value is shown so that it cannot pass for another: ${JSON.stringify(text)}`,
});

test(shownAs, 'root@web1:22', 'root@web1:22');
test(shownAs, '', '""');
test(shownAs, '\\u{1b}', '"\\\\u{1b}"');
test(shownAs, 'a b', '"a b"');
test(shownAs, '\u001b[2J', '"\\u{1b}[2J"');
test(shownAs, 'a\u202eb', '"a\\u{202e}b"');
test(shownAs, 'p\u0430ypal', '"p\\u{430}ypal"');
test(shownAs, '\u009b31m', '"\\u{9b}31m"');
test(shownAs, 'a\nb', '"a\\u{a}b"');

test('keys that do not fit on a screen are not asked about', (t) => {
  t.deepEqual(shortKeyLines(keys), ['  ssh-url: a', '  ssh-url: b', '  tls.cert: c']);
  t.is(shortKeyLines([{ key: 'seeds', values: Array.from({ length: 21 }, String) }]), undefined);
  t.is(shortKeyLines([{ key: 'seeds', values: ['x'.repeat(400)] }]), undefined);
});
