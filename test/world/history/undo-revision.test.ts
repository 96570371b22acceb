import test from 'ava';
import type { RevisionChanges } from '../../../world/history/read-history.js';
import { planUndo } from '../../../world/history/undo-revision.js';

const [one, two] = [Buffer.from('1'), Buffer.from('2')];

function changed(revision: bigint, ...keys: string[]): RevisionChanges {
  return { revision, changes: keys.map((key) => ({ key, before: one, after: two })) };
}

test('the way back leads from what a key holds now to what it held before', (t) => {
  const later = changed(9n, '/strings/other');
  t.deepEqual(planUndo(8n, [changed(8n, '/strings/motd', '/strings/kernel/h1'), later]), {
    revision: 8n,
    changes: [
      { key: '/strings/motd', before: two, after: one },
      { key: '/strings/kernel/h1', before: two, after: one },
    ],
  });
});

const REFUSED: readonly (readonly [string, readonly RevisionChanges[], string, RegExp])[] = [
  ['what changed nothing', [changed(9n, '/strings/motd')], 'not-found', /Revision 8 changed nothing/],
  [
    'what was written since',
    [changed(8n, '/strings/motd'), changed(9n, '/strings/motd')],
    'conflict',
    /"motd" was written again by revision 9/,
  ],
  ['a deploy', [changed(8n, '/deploy/3/payload')], 'invalid', /use hawser rollback/],
  [
    'the newest deploy of an app',
    [changed(8n, '/hawser/deploys/apps/web')],
    'invalid',
    /use hawser rollback/,
  ],
  ['a host', [changed(8n, '/strings/motd', '/hawser/hosts/h1')], 'invalid', /the host h1: only strings/],
  [
    'too much',
    [changed(8n, ...Array.from({ length: 121 }, (_, index) => `/strings/${index}`))],
    'too-large',
    /changed 121 keys/,
  ],
];

for (const [what, revisions, code, message] of REFUSED)
  test(`${what} is not undone, and it is said why`, (t) => {
    t.throws(() => planUndo(8n, revisions), { code, message });
  });
