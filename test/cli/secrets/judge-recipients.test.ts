import test from 'ava';
import { hostsToAsk, judgeRecipients, type SaidByHosts } from '../../../cli/secrets/judge-recipients.js';

const silent: SaidByHosts = { byHost: new Map(), byOthers: new Set() };

function said(key: string | undefined): SaidByHosts {
  return { byHost: new Map([['web1', key]]), byOthers: new Set() };
}

function judge(published: string | undefined, pinned: string | undefined, by = silent) {
  return judgeRecipients([{ host: 'web1', published, pinned }], by);
}

test('hosts are asked unless the fleet file says what etcd says', (t) => {
  const facts = [
    { host: 'pinned', published: 'a', pinned: 'a' },
    { host: 'new', published: 'a', pinned: undefined },
    { host: 'changed', published: 'b', pinned: 'a' },
  ];
  t.deepEqual(hostsToAsk(facts), ['new', 'changed']);
});

test('a key counts that the host said, now or before, whatever etcd has', (t) => {
  const proven = { recipients: new Map([['web1', 'a']]), unproven: [] };
  t.deepEqual(judge('a', 'a'), proven);
  t.deepEqual(judge('a', undefined, said('a')), proven);
  // It was set up anew.
  t.deepEqual(judge('a', 'old', said('a')), proven);
  t.deepEqual(judge('a', undefined, { byHost: new Map(), byOthers: new Set(['a']) }), proven);
  t.deepEqual(judge('a', undefined, { byHost: new Map(), byOthers: new Set(['b']) }).unproven, ['web1']);
  t.deepEqual(judge('a', undefined), { recipients: new Map([['web1', 'a']]), unproven: ['web1'] });
});

test('hosts whose names are not known prove a key only if each of them is to read the secret', (t) => {
  const byOthers = { byHost: new Map(), byOthers: new Set(['a', 'b']) };
  // web2 may have put its own key in the place of that of web1.
  t.deepEqual(judge('b', undefined, byOthers).unproven, ['web1']);
  const facts = ['a', 'b'].map((published, at) => ({ host: `web${at}`, published, pinned: undefined }));
  t.deepEqual(judgeRecipients(facts, byOthers).unproven, []);
});

test('another key in etcd than on the host, or in the file, is refused; so is a host without one', (t) => {
  for (const pinned of [undefined, 'a', 'evil'])
    t.throws(() => judge('evil', pinned, said('a')), {
      code: 'refused',
      message: /than the host itself has/,
    });
  t.throws(() => judge('evil', 'a'), { code: 'refused', message: /than the fleet file has/ });
  t.throws(() => judge(undefined, 'a'), { code: 'no-secret', message: /web1 has no key for secrets yet/ });
  t.throws(() => judge('a', undefined, said(undefined)), { code: 'no-secret' });
});
