import test from 'ava';
import { canSpare } from '../../../../cli/setup/world/until-others-carry-on.js';

const voters = ['web1', 'web2', 'web3', 'web4', 'web5'].map((name) => ({ name }));

test('A host may be restarted as long as the others that answer are a majority of all', (t) => {
  t.true(canSpare('web1', voters.slice(0, 3), []));
  t.false(canSpare('web1', voters.slice(0, 3), ['web2']));
  t.true(canSpare('web1', voters, ['web2']));
  t.false(canSpare('web1', voters, ['web2', 'web3']));
  t.true(canSpare('web9', voters, ['web2', 'web3']), 'it runs no etcd');
  t.true(canSpare('web1', voters.slice(0, 1), []), 'the only one has no other');
});
