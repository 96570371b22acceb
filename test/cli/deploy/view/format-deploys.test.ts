import test from 'ava';
import type { DeploySummary } from '../../../../cli/deploy/read-deploys.js';
import { formatDeploys } from '../../../../cli/deploy/view/format-deploys.js';

const deploy = (given: Partial<DeploySummary>): DeploySummary => ({
  ...{ id: 2, app: 'shop', action: 'rollback', verdict: 'healthy', createdAt: '2026-11-28T18:35:06.123Z' },
  ...{ author: 'ann@laptop', origin: null, hash: '', tree: '', message: '' },
  ...given,
});

test('the log tells who did what and from where, in columns that hold something', (t) => {
  const origin = {
    ...{ user: 'ann', machine: 'laptop', git: 'Ann B <ann@example.org>' },
    sshKey: 'SHA256:oysQtmVOyiL54h5PkLynz4uCT/fKB4ZYA0uE7isT71M',
  };
  t.deepEqual(String(formatDeploys([deploy({ origin }), deploy({ id: 1, action: 'deploy' })])).split('\n'), [
    'ID  APP   WHAT      VERDICT  WHEN (UTC)        BY          GIT    SSH KEY',
    '2   shop  rollback  healthy  2026-11-28 18:35  ann@laptop  Ann B  oysQtmVO…',
    '1   shop  deploy    healthy  2026-11-28 18:35  ann@laptop',
  ]);
});

test('an identity that is only an address, and a deploy by another program, are shown as they are', (t) => {
  const git = { user: 'ann', machine: 'laptop', git: '<ann@example.org>' };
  const unknown = { app: '', action: '', author: '', createdAt: '', verdict: 'unknown' } as const;
  const shown = String(formatDeploys([deploy({ origin: git }), deploy({ id: 1, ...unknown })]));
  t.regex(shown, /<ann@example\.org>\n1 +unknown$/);
});
