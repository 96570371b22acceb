import test from 'ava';
import { formatBatches, planBatches } from '../../../../cli/deploy/plan/plan-batches.js';
import type { Rollout } from '../../../../world/deploys/manifest.js';

const live = ['h1', 'h2', 'h3', 'h4', 'h5'];
const of = (rollout: Rollout | undefined, away: string[] = [], noop = false) =>
  planBatches({ live, away }, { noop, manifest: { name: 'app', ...(rollout && { rollout }) } });

test('hosts switch together unless the manifest says otherwise', (t) => {
  t.deepEqual(of(undefined), [live]);
  t.deepEqual(of({ pauseMs: 1_000 }), [live]);
});

test('the canary comes first, then batches, of which a part counts those that are away', (t) => {
  t.deepEqual(of({ canary: 1, batch: 2 }), [['h1'], ['h2', 'h3'], ['h4', 'h5']]);
  t.deepEqual(of({ canary: 1 }), [['h1'], ['h2', 'h3', 'h4', 'h5']]);
  t.deepEqual(of({ batch: '50%' }), [['h1', 'h2'], ['h3', 'h4'], ['h5']]);
  t.deepEqual(of({ batch: '50%' }, ['h6', 'h7', 'h8']), [['h1', 'h2', 'h3', 'h4'], ['h5']]);
  t.deepEqual(of({ canary: 9 }), [live]);
});

test('nothing is switched by a noop, and by nobody', (t) => {
  t.deepEqual(of({ batch: 1 }, [], true), []);
  t.deepEqual(planBatches({ live: [], away: ['h1'] }, { noop: false, manifest: { name: 'app' } }), []);
});

test('a person is shown the first batches', (t) => {
  t.deepEqual(formatBatches([live]), []);
  t.deepEqual(formatBatches([['h1'], ['h2', 'h3']]), ['  Batches:', '    1. h1', '    2. h2 and h3']);
  t.is(formatBatches(Array.from({ length: 9 }, (_, at) => [`h${at}`])).at(-1), '    and 4 more');
});
