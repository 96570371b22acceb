import test from 'ava';
import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import { type ChainLink, lookAtDeploy } from '../../../../world/deploys/rollout/find-open-deploys.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';
import { deploymentOf } from './situations.js';

/** `open` or `done`; `noop` before it for one that only looks, `other` for one of another app. */
type Kind = 'open' | 'done' | 'noop open' | 'noop done' | 'other open';

/** Goes through a log of these entries from the newest, and tells what is undecided: `4`, or `3<4` for a superseded one. */
function undecided(...kinds: readonly Kind[]): string[] {
  const found: string[] = [];
  const newest = kinds.length;
  for (let link: ChainLink | undefined = { app: 'shop', id: newest, newest }; link !== undefined; ) {
    const kind: Kind = kinds[link.id - 1] ?? 'done';
    const change: Partial<Deployment> = {
      ...{ noop: kind.startsWith('noop'), name: kind.startsWith('other') ? 'blog' : 'shop' },
      ...(link.id > 1 && { previous: link.id - 1 }),
    };
    const record: RolloutRecord | undefined = kind.endsWith('done')
      ? { app: 'shop', phase: 'done', admitted: 0, since: '' }
      : undefined;
    const step = lookAtDeploy(link, deploymentOf(['a'], change), record);
    if (step.undecided !== undefined) {
      const { id, supersededBy } = step.undecided;
      found.push(supersededBy === undefined ? `${id}` : `${id}<${supersededBy}`);
    }
    link = step.next;
  }
  return found;
}

test('the newest deploy takes the place of all that are not decided', (t) => {
  t.deepEqual(undecided('open'), ['1']);
  t.deepEqual(undecided('done'), []);
  t.deepEqual(undecided('open', 'done', 'open', 'open', 'open'), ['5', '4<5', '3<5']);
});

test('one that only looks takes the place of no other than such', (t) => {
  t.deepEqual(undecided('open', 'noop open'), ['2', '1']);
  t.deepEqual(undecided('open', 'noop done'), ['1']);
  t.deepEqual(undecided('open', 'noop open', 'noop open'), ['3', '2<3', '1']);
  t.deepEqual(undecided('open', 'open', 'noop open', 'open'), ['4', '3<4', '2<4', '1<4']);
  t.deepEqual(undecided('open', 'done', 'noop open'), ['3']);
});

test('what names an entry of another app, or a newer one, as the one before ends there', (t) => {
  t.deepEqual(undecided('other open', 'open'), ['2']);
  const looped = lookAtDeploy(
    { app: 'shop', id: 2, newest: 2 },
    deploymentOf(['a'], { previous: 2 }),
    undefined,
  );
  t.is(looped.next, undefined);
});
