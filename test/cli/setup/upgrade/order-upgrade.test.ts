import test from 'ava';
import { orderUpgrade } from '../../../../cli/setup/upgrade/order-upgrade.js';
import type { Member } from '../../../../world/client/member-types.js';

function member(name: string, isLearner = false): Member {
  return { id: `id of ${name}`, name, peerUrls: [], clientUrls: [], isLearner };
}

const members = [member('web1'), member('web2'), member('web3'), member('web5', true)];

test('Hosts without etcd are upgraded first, then the learner, then voters, the leader last', (t) => {
  const hosts = ['web1', 'web2', 'web3', 'web4', 'web5'];
  t.deepEqual(orderUpgrade(hosts, members, 'id of web1'), ['web4', 'web5', 'web2', 'web3', 'web1']);
});

test('Where nobody knows the leader the voters keep their order', (t) => {
  t.deepEqual(orderUpgrade(['web3', 'web1', 'web4'], members, undefined), ['web4', 'web3', 'web1']);
});
