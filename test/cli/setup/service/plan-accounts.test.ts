import test from 'ava';
import { planHost } from '../../../../cli/setup/plan/plan-host.js';
import { accountsToMake, accountsToRemove } from '../../../../cli/setup/service/plan-accounts.js';
import { factsOf, recordOf } from '../host-facts.js';

const bare = factsOf({ record: undefined, certificate: undefined, hasClusterData: false });
const record = recordOf('web1', '10.0.0.1', 'an-id');

test('A host is given the group and the user that it does not have', (t) => {
  t.deepEqual(accountsToMake(bare), ['group:hawser', 'user:hawser-app']);
  t.deepEqual(accountsToMake({ ...bare, groupMembers: ['ann'] }), ['user:hawser-app']);
  t.deepEqual(accountsToMake({ ...bare, groupMembers: [], hasAppUser: true }), []);
});

test('What was made for a host goes with it, and what was there before stays', (t) => {
  const users = ['ann'];
  t.deepEqual(accountsToRemove({ ...record, users, created: ['group:hawser', 'user:hawser-app'] }), {
    removesGroup: true,
    removesUser: true,
    leavers: [],
  });
  const nothing = { removesGroup: false, removesUser: false };
  t.deepEqual(accountsToRemove({ ...record, users, created: ['/etc/init.d/hawser'] }), {
    ...nothing,
    leavers: ['ann'],
  });
  t.deepEqual(accountsToRemove(undefined), { ...nothing, leavers: [] });
});

test('A user is put into the group until the host has them there, whatever the record names', (t) => {
  const groupUser = (groupMembers: readonly string[]) => {
    const facts = { ...bare, groupMembers, agent: { ...bare.agent, record: { ...record, users: ['ann'] } } };
    const host = { name: 'web1', ssh: 'ann@web1', hostKeys: [], labels: {}, address: '10.0.0.1' };
    const fleet = { name: 'prod', id: 'an-id', authority: undefined };
    const bundle = { sha256: 'a'.repeat(64), version: '1', sizeBytes: 1 };
    const context = { fleet, bundle, useHostNode: false, canIssue: true, hasEtcdFile: false };
    return planHost({ host, facts, user: 'ann', sudo: 'free' }, context).groupUser;
  };
  t.is(groupUser(['bob']), 'ann');
  t.is(groupUser(['bob', 'ann']), undefined);
});
