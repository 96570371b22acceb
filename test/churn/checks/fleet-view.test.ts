import test from 'ava';
import type { Member } from '../../../world/index.js';
import { expectedVoters, type FleetView, unconverged } from './fleet-view.js';

const member = (name: string, isLearner = false): Member => ({
  id: name,
  name,
  peerUrls: [`http://${name}:2380`],
  clientUrls: [],
  isLearner,
});

const converged: FleetView = {
  size: 4,
  members: [member('h1'), member('h2'), member('h3')],
  endpoints: ['h3', 'h2', 'h1'],
  agents: ['h1', 'h2', 'h3', 'h4', 'h5'],
  answering: ['h1', 'h2', 'h3'],
};

test('the number of voters is odd, and no more than wanted or than there are hosts', (t) => {
  t.deepEqual(
    [1, 2, 3, 4, 5].map((size) => expectedVoters(size, 7)),
    [1, 1, 3, 3, 5],
  );
  t.is(expectedVoters(5, 4), 3);
});

test('nothing lacks where the right number votes and all hosts are registered', (t) => {
  t.is(unconverged(converged, 5), undefined);
});

test('it is said what lacks', (t) => {
  const said = (change: Partial<FleetView>) => unconverged({ ...converged, ...change }, 5) ?? '';
  t.regex(
    said({ members: [...converged.members, member('h4', true)] }),
    /a learner: h1, h2, h3, h4 \(learner\)/,
  );
  t.regex(said({ members: [...converged.members, member('h4')] }), /^4 vote instead of 3/);
  t.regex(said({ size: 5 }), /^3 vote instead of 5/);
  t.regex(said({ answering: ['h1', 'h3'] }), /^h2 should vote/);
  t.regex(said({ agents: ['h1'] }), /only h1 are registered/);
  t.regex(said({ endpoints: ['h1', 'h2', 'h4'] }), /h1, h2, h4 have endpoints, but h1, h2, h3 vote/);
});
