import test from 'ava';
import { compareManifests } from '../../../../cli/deploy/plan/compare-manifests.js';
import type { Manifest } from '../../../../world/index.js';

const before: Manifest = {
  name: 'shop',
  processes: { web: { run: ['node', 'a'], listen: '0.0.0.0:80' } },
  env: { TOKEN: 'old secret', SAME: 'x' },
  keep: 3,
};

test('what differs is told by its key, and values of variables are not shown', (t) => {
  const after: Manifest = {
    name: 'shop',
    processes: { web: { run: ['node', 'b'], env: { NEW: 'new secret' } } },
    env: { TOKEN: 'new secret', SAME: 'x' },
    rollout: { batch: '25%' },
    keep: undefined,
  };
  const changes = compareManifests(before, after);
  t.deepEqual(changes, [
    { key: 'env.TOKEN', before: '"…"', after: '"…"' },
    { key: 'keep', before: '3', after: undefined },
    { key: 'processes.web.env.NEW', before: undefined, after: '"…"' },
    { key: 'processes.web.listen', before: '"0.0.0.0:80"', after: undefined },
    { key: 'processes.web.run', before: '["node","a"]', after: '["node","b"]' },
    { key: 'rollout.batch', before: undefined, after: '"25%"' },
  ]);
  t.notRegex(JSON.stringify(changes), /secret/);
});

test('nothing differs from itself; without one before, everything does', (t) => {
  t.deepEqual(compareManifests(before, structuredClone(before)), []);
  t.deepEqual(
    compareManifests(undefined, { name: 'a', keep: 1 }).map(({ key }) => key),
    ['keep', 'name'],
  );
});
