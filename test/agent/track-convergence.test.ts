import test from 'ava';
import { Converger } from '../../agent/track-convergence.js';

test('a host is converged when all that is registered is', (t) => {
  const converger = new Converger();
  t.true(converger.converged);
  const deploys = converger.register('deploys');
  const etcd = converger.register('etcd');
  t.deepEqual(converger.unconverged, ['deploys', 'etcd']);
  deploys.setConverged(true);
  t.false(converger.converged);
  etcd.setConverged(true);
  t.true(converger.converged);
  etcd.setConverged(false);
  etcd.setConverged(false);
  t.deepEqual(converger.unconverged, ['etcd']);
  t.false(etcd.isConverged);
  etcd[Symbol.dispose]();
  t.true(converger.converged);
});

test('registrations of one name count each for itself', (t) => {
  const converger = new Converger();
  const [first, second] = [converger.register('apply'), converger.register('apply')];
  first.setConverged(true);
  t.false(converger.converged);
  second.setConverged(true);
  t.true(converger.converged);
});

test('changes begin with how it is and follow what happens, until they are aborted', async (t) => {
  const converger = new Converger();
  const uid = converger.register('deploys');
  const over = new AbortController();
  const changes = converger.changes({ signal: over.signal });
  t.deepEqual(await changes.next(), { done: false, value: false });
  const next = changes.next();
  uid.setConverged(true);
  t.deepEqual(await next, { done: false, value: true });
  const last = changes.next();
  over.abort();
  t.deepEqual(await last, { done: true, value: undefined });
});

test('a host that stopped being converged while nobody looked is told again', async (t) => {
  const converger = new Converger();
  const uid = converger.register('deploys');
  uid.setConverged(true);
  const changes = converger.changes({ signal: new AbortController().signal });
  t.true((await changes.next()).value);
  uid.setConverged(false);
  uid.setConverged(true);
  t.true((await changes.next()).value);
  await changes.return(undefined);
});

test('saying the same again is no change', async (t) => {
  const converger = new Converger();
  const uid = converger.register('deploys');
  const over = new AbortController();
  const changes = converger.changes({ signal: over.signal });
  t.false((await changes.next()).value);
  uid.setConverged(false);
  const other = converger.register('etcd');
  other.setConverged(true);
  over.abort();
  t.true((await changes.next()).done);
});
