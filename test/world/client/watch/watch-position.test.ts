import test from 'ava';
import type { IWatchResponse } from 'etcd3';
import { Namespace } from '../../../../world/client/key-namespace.js';
import { WatchPosition } from '../../../../world/client/watch/watch-position.js';

function message(
  revision: number,
  fields: Partial<IWatchResponse> = {},
  member = '1',
  cluster = '7',
): IWatchResponse {
  return {
    header: { cluster_id: cluster, member_id: member, revision: String(revision), raft_term: '2' },
    watch_id: '0',
    created: false,
    canceled: false,
    compact_revision: '0',
    cancel_reason: '',
    fragment: false,
    events: [],
    ...fields,
  };
}

function put(revision: number): IWatchResponse['events'][number] {
  const kv = {
    key: Buffer.from('/k'),
    create_revision: '1',
    mod_revision: String(revision),
    version: '1',
    value: Buffer.from(''),
    lease: '0',
  };
  return { type: 'Put', kv, prev_kv: kv };
}

function cursor(fromRevision?: bigint): WatchPosition {
  return new WatchPosition(new Namespace(''), 'watch /k', fromRevision);
}

test.serial('a watch without a start begins after the revision at which it was created', (t) => {
  const at = cursor();
  t.deepEqual(at.receive(message(10, { created: true })), { kind: 'ready', revision: 10n });
  t.is(at.next, 11n);
});

test.serial('while catching up the next revision follows the last event, not the header', (t) => {
  const at = cursor(5n);
  at.receive(message(100, { created: true }));
  t.is(at.next, 5n);
  at.receive(message(100, { events: [put(5), put(6)] }));
  t.is(at.next, 7n);
});

test.serial('an idle watch keeps up by progress notifications', (t) => {
  const at = cursor();
  at.receive(message(10, { created: true }));
  t.is(at.receive(message(50)), undefined);
  t.is(at.next, 51n);
});

test.serial('fragments become whole revisions, and what was half there at a cut is asked for again', (t) => {
  const at = cursor(5n);
  at.receive(message(9, { created: true }));
  const first = at.receive(message(9, { fragment: true, events: [put(5), put(6), put(7), put(7)] }));
  t.like(first, { kind: 'events', revision: 6n, events: { length: 2 } });
  t.is(at.receive(message(9, { fragment: true, events: [put(7)] })), undefined);
  t.is(at.next, 7n);
  at.receive(message(9, { created: true }));
  t.is(at.receive(message(9, { fragment: true, events: [put(7), put(7)] })), undefined);
  t.like(at.receive(message(9, { events: [put(7), put(8)] })), {
    kind: 'events',
    revision: 8n,
    events: { length: 4 },
  });
  t.is(at.next, 9n);
});

test.serial('a stream that resumes is not announced', (t) => {
  const at = cursor();
  at.receive(message(10, { created: true }));
  t.is(at.receive(message(20, { created: true })), undefined);
  t.is(at.next, 11n);
});

test.serial('compaction restarts the watch, also without a reason', (t) => {
  for (const fields of [{ compact_revision: '40' }, { cancel_reason: '' }]) {
    const at = cursor(5n);
    at.receive(message(50, { created: true }));
    t.is(at.receive(message(50, { canceled: true, ...fields })), 'reopen');
    t.is(at.next, undefined);
    t.deepEqual(at.receive(message(60, { created: true })), { kind: 'restarted', revision: 60n });
    t.is(at.next, 61n);
  }
});

test.serial(
  'a member whose store went back, or another cluster, restarts the watch; a member that lags does not',
  (t) => {
    const at = cursor();
    at.receive(message(50, { created: true }));
    t.is(at.receive(message(30, { created: true }, '2')), undefined);
    t.is(at.next, 51n);
    t.is(at.receive(message(3, { created: true })), 'reopen');
    t.deepEqual(at.receive(message(3, { created: true })), { kind: 'restarted', revision: 3n });
    t.is(at.receive(message(60, { created: true }, '1', '8')), 'reopen');
  },
);

test.serial('another reason to cancel is tried again, unless etcd forbids the watch', (t) => {
  const at = cursor();
  at.receive(message(10, { created: true }));
  t.is(at.receive(message(10, { canceled: true, cancel_reason: 'etcdserver: too busy' })), 'reopen');
  t.is(at.next, 11n);
  const denied = { canceled: true, created: true, cancel_reason: 'etcdserver: permission denied' };
  t.throws(() => at.receive(message(10, denied)), { code: 'permission-denied' });
});
