import test from 'ava';
import { Converger } from '../../agent/converger.js';

test('a host is converged when none of its movers moves', (t) => {
  const converger = new Converger();
  t.true(converger.converged);
  const deploys = converger.mover('deploys');
  const etcd = converger.mover('etcd');
  t.deepEqual(converger.moving, ['deploys', 'etcd']);
  deploys.settled();
  t.false(converger.converged);
  etcd.settled();
  t.true(converger.converged);
  etcd.moving();
  etcd.moving();
  t.deepEqual(converger.moving, ['etcd']);
  etcd[Symbol.dispose]();
  t.true(converger.converged);
});

test('movers of one name count each for itself', (t) => {
  const converger = new Converger();
  const [first, second] = [converger.mover('apply'), converger.mover('apply')];
  first.settled();
  t.false(converger.converged);
  second.settled();
  t.true(converger.converged);
});

test('changes begin with how it is and follow what happens, until they are aborted', async (t) => {
  const converger = new Converger();
  const mover = converger.mover('deploys');
  const over = new AbortController();
  const changes = converger.changes({ signal: over.signal });
  t.deepEqual(await changes.next(), { done: false, value: false });
  const next = changes.next();
  mover.settled();
  t.deepEqual(await next, { done: false, value: true });
  const last = changes.next();
  over.abort();
  t.deepEqual(await last, { done: true, value: undefined });
});

test('a rest that was broken while nobody looked is told again', async (t) => {
  const converger = new Converger();
  const mover = converger.mover('deploys');
  mover.settled();
  const changes = converger.changes({ signal: new AbortController().signal });
  t.true((await changes.next()).value);
  mover.moving();
  mover.settled();
  t.true((await changes.next()).value);
  await changes.return(undefined);
});

test('a mover that says what it said before is no change', async (t) => {
  const converger = new Converger();
  const mover = converger.mover('deploys');
  const over = new AbortController();
  const changes = converger.changes({ signal: over.signal });
  t.false((await changes.next()).value);
  mover.moving();
  const other = converger.mover('etcd');
  other.settled();
  over.abort();
  t.true((await changes.next()).done);
});
