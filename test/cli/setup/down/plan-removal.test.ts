import test from 'ava';
import { planRemoval } from '../../../../cli/setup/down/plan-removal.js';
import type { Member } from '../../../../world/client/member-types.js';

function cluster(...names: string[]): Member[] {
  return names.map((name) => ({
    id: name,
    name: name.replace('~', ''),
    peerUrls: [],
    clientUrls: [],
    isLearner: name.startsWith('~'),
  }));
}

function plan(leaving: string[], alive: string[], members: Member[]) {
  return planRemoval({ leaving, alive: new Set(alive), members });
}

test('Hosts without a vote go first, then dead voters, then those that are alive', (t) => {
  const members = cluster('web1', 'web2', 'web3', 'web4', 'web5', '~web6');
  const removal = plan(
    ['web1', 'web5', 'web6', 'web7'],
    ['web1', 'web2', 'web3', 'web4', 'web6', 'web7'],
    members,
  );
  t.deepEqual(removal, { kind: 'in-order', order: ['web6', 'web7', 'web5', 'web1'] });
});

test('A voter is not taken out when the others would have no majority', (t) => {
  t.deepEqual(plan(['web1'], ['web1', 'web2'], cluster('web1', 'web2', 'web3')), {
    kind: 'no-quorum',
    host: 'web1',
    alive: 2,
    voters: 3,
  });
  t.deepEqual(plan(['web1'], ['web1'], cluster('web1')), {
    kind: 'no-quorum',
    host: 'web1',
    alive: 1,
    voters: 1,
  });
});

test('Taking the dead one out first keeps the majority', (t) => {
  const removal = plan(['web1', 'web3'], ['web1', 'web2', 'web4'], cluster('web1', 'web2', 'web3', 'web4'));
  t.deepEqual(removal, { kind: 'in-order', order: ['web3', 'web1'] });
});

test('Without a majority nothing can be taken out in order', (t) => {
  t.deepEqual(plan(['web2'], ['web1'], cluster('web1', 'web2', 'web3')), {
    kind: 'no-quorum',
    host: 'web2',
    alive: 1,
    voters: 3,
  });
});

test('The only voter goes when another host can take over from it', (t) => {
  t.deepEqual(plan(['web1'], ['web1', 'web2'], cluster('web1')), { kind: 'in-order', order: ['web1'] });
  t.like(plan(['web1', 'web2'], ['web1', 'web2'], cluster('web1')), { kind: 'no-quorum', host: 'web1' });
});
