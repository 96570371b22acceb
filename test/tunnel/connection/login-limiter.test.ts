import test from 'ava';
import { LoginLimiter } from '../../../tunnel/connection/login-limiter.js';
import { Tunnel } from '../../../tunnel/index.js';
import { Sshd } from '../helpers/sshd.js';

const { signal } = new AbortController();

/** Whether a promise has settled once everything that could settle it has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test.serial('No more logins are under way at one server, and in all, than they take', async (t) => {
  const governor = new LoginLimiter({ overall: 3, perServer: 2 });
  const leaveFirst = await governor.enter('a', { signal });
  await governor.enter('a', { signal });
  const thirdAtA = governor.enter('a', { signal });
  await governor.enter('b', { signal });
  const secondAtB = governor.enter('b', { signal });
  t.false(await isSettled(thirdAtA));
  t.false(await isSettled(secondAtB));
  leaveFirst();
  leaveFirst();
  t.true(await isSettled(thirdAtA));
  t.false(await isSettled(secondAtB));
});

test.serial('A server that is full does not hold up the others', async (t) => {
  const governor = new LoginLimiter({ overall: 3, perServer: 1 });
  await governor.enter('full', { signal });
  const waiting = governor.enter('full', { signal });
  t.true(await isSettled(governor.enter('other', { signal })));
  t.false(await isSettled(waiting));
});

test.serial('Each dropped login halves what a server gets at once, and it recovers slowly', async (t) => {
  const governor = new LoginLimiter({ perServer: 8 });
  governor.dropped('a');
  t.is(governor.limitOf('a'), 4);
  for (let i = 0; i < 5; i += 1) governor.dropped('a');
  t.is(governor.limitOf('a'), 1);
  t.is(governor.limitOf('b'), 8);
  for (let i = 0; i < 3; i += 1) governor.succeeded('a');
  t.is(governor.limitOf('a'), 2);
  for (let i = 0; i < 100; i += 1) governor.succeeded('a');
  t.is(governor.limitOf('a'), 8);
});

test.serial('Whoever aborts leaves the queue to those behind', async (t) => {
  const governor = new LoginLimiter({ overall: 1 });
  const leave = await governor.enter('a', { signal });
  const impatient = new AbortController();
  const reason = new Error('enough');
  const first = governor.enter('a', { signal: impatient.signal });
  const second = governor.enter('b', { signal });
  impatient.abort(reason);
  t.is(await t.throwsAsync(first), reason);
  leave();
  t.true(await isSettled(second));
});

test.serial('Forty tunnels at once all get in where sshd drops more than ten logins under way', async (t) => {
  await using sshd = await Sshd.start(['MaxStartups 10:30:100']);
  const tunnels = await Promise.all(Array.from({ length: 40 }, () => Tunnel.open(sshd.options)));
  t.true(tunnels.every(({ state }) => state.status === 'connected'));
  await Promise.all(tunnels.map((tunnel) => tunnel.close()));
  t.false(sshd.log.some((line) => /MaxStartups/.test(line)));
});

test.serial('Logins that sshd drops all the same are tried again until they get in', async (t) => {
  await using sshd = await Sshd.start(['MaxStartups 2:90:3']);
  const tunnels = await Promise.all(Array.from({ length: 12 }, () => Tunnel.open(sshd.options)));
  t.true(tunnels.every(({ state }) => state.status === 'connected'));
  await Promise.all(tunnels.map((tunnel) => tunnel.close()));
  t.true(sshd.log.some((line) => /MaxStartups/.test(line)));
});
