import test from 'ava';
import { type ClusterSighting, chooseFounder } from '../../../../cli/setup/up/choose-founder.js';

function host(name: string, details: Partial<ClusterSighting> = {}): ClusterSighting {
  return { name, isReached: true, isKnown: false, hasCluster: false, isFounder: false, ...details };
}

test('Of new hosts the first makes the cluster, and the next ones stand by', (t) => {
  const hosts = [host('web1'), host('web2'), host('web3', { isReached: false })];
  t.deepEqual(chooseFounder(hosts, false), { kind: 'found', candidates: ['web1', 'web2'] });
});

test('Where a host has a cluster, all others join it', (t) => {
  t.deepEqual(chooseFounder([host('web1'), host('web2', { hasCluster: true })], true), { kind: 'join' });
  t.deepEqual(chooseFounder([host('web1'), host('web2', { hasCluster: true })], false), { kind: 'join' });
});

test('The host that an interrupted run chose comes first again', (t) => {
  const hosts = [host('web1'), host('web2', { isFounder: true, isKnown: true })];
  t.deepEqual(chooseFounder(hosts, true), { kind: 'found', candidates: ['web2', 'web1'] });
});

test('Nobody makes a cluster while one may have begun on a host that is out of reach', (t) => {
  const away = host('web1', { isReached: false, isKnown: true });
  t.deepEqual(chooseFounder([away, host('web2')], true), { kind: 'unclear', unreached: ['web1'] });
  t.deepEqual(chooseFounder([away, host('web2', { isFounder: true })], true), {
    kind: 'unclear',
    unreached: ['web1'],
  });
});

test('A host that was never reached cannot have begun one', (t) => {
  const never = host('web1', { isReached: false });
  t.deepEqual(chooseFounder([never, host('web2')], true), { kind: 'found', candidates: ['web2'] });
});
