import test from 'ava';
import { findLivingHosts } from '../../../../cli/setup/down/find-living-hosts.js';
import type { Agent } from '../../../../world/index.js';

const { signal } = new AbortController();

/** Agents that are alive at each look, the last of them from then on. */
function worldOf(...looks: readonly (readonly string[])[]) {
  let look = 0;
  return {
    getAgents: async () => {
      const names = looks[Math.min(look, looks.length - 1)] ?? [];
      look += 1;
      return new Map(names.map((name) => [name, {} as Agent]));
    },
  };
}

test('A host that is in doubt is waited for until its session has ended', async (t) => {
  const world = worldOf(['web1', 'web2'], ['web1', 'web2'], ['web1']);
  const alive = await findLivingHosts(world, { stopped: [], doubtful: ['web2'] }, { signal });
  t.deepEqual([...alive], ['web1']);
});

test('A host that is in doubt and stays alive counts as alive in the end', async (t) => {
  const world = worldOf(['web1', 'web2']);
  const alive = await findLivingHosts(world, { stopped: [], doubtful: ['web2'] }, { signal, waitMs: 1 });
  t.deepEqual([...alive], ['web1', 'web2']);
});

test('A host whose agent was seen not to run is not alive, whatever its session says', async (t) => {
  const world = worldOf(['web1', 'web2'], []);
  const alive = await findLivingHosts(world, { stopped: ['web2'], doubtful: ['web3'] }, { signal });
  t.deepEqual([...alive], ['web1']);
});

test('An abort ends the waiting', async (t) => {
  const over = new AbortController();
  const reason = new Error('interrupted');
  const waiting = findLivingHosts(
    worldOf(['web2']),
    { stopped: [], doubtful: ['web2'] },
    { signal: over.signal },
  );
  over.abort(reason);
  await t.throwsAsync(waiting, { is: reason });
});
