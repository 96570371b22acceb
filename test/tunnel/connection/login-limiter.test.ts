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

test.serial('no more logins are under way at one server, and in all, than they take', async (t) => {
  const limiter = new LoginLimiter({ overall: 3, perServer: 2 });
  const leaveFirst = await limiter.acquire('a', { signal });
  await limiter.acquire('a', { signal });
  const thirdAtA = limiter.acquire('a', { signal });
  await limiter.acquire('b', { signal });
  const secondAtB = limiter.acquire('b', { signal });
  t.false(await isSettled(thirdAtA));
  t.false(await isSettled(secondAtB));
  leaveFirst();
  leaveFirst();
  t.true(await isSettled(thirdAtA));
  t.false(await isSettled(secondAtB));
});

test.serial('a server that is full does not hold up the others', async (t) => {
  const limiter = new LoginLimiter({ overall: 3, perServer: 1 });
  await limiter.acquire('full', { signal });
  const waiting = limiter.acquire('full', { signal });
  t.true(await isSettled(limiter.acquire('other', { signal })));
  t.false(await isSettled(waiting));
});

test.serial('each dropped login halves what a server gets at once, and it recovers slowly', async (t) => {
  const limiter = new LoginLimiter({ perServer: 8 });
  limiter.dropped('a');
  t.is(limiter.limitOf('a'), 4);
  for (let i = 0; i < 5; i += 1) limiter.dropped('a');
  t.is(limiter.limitOf('a'), 1);
  t.is(limiter.limitOf('b'), 8);
  for (let i = 0; i < 3; i += 1) limiter.succeeded('a');
  t.is(limiter.limitOf('a'), 2);
  for (let i = 0; i < 100; i += 1) limiter.succeeded('a');
  t.is(limiter.limitOf('a'), 8);
});

test.serial('whoever aborts leaves the queue to those behind', async (t) => {
  const limiter = new LoginLimiter({ overall: 1 });
  const leave = await limiter.acquire('a', { signal });
  const impatient = new AbortController();
  const reason = new Error('enough');
  const first = limiter.acquire('a', { signal: impatient.signal });
  const second = limiter.acquire('b', { signal });
  impatient.abort(reason);
  t.is(await t.throwsAsync(first), reason);
  leave();
  t.true(await isSettled(second));
});

test.serial('forty tunnels at once all get in where sshd drops more than ten logins under way', async (t) => {
  await using sshd = await Sshd.start(['MaxStartups 10:30:100']);
  const tunnels = await Promise.all(Array.from({ length: 40 }, () => Tunnel.open(sshd.options)));
  t.true(tunnels.every(({ state }) => state.status === 'connected'));
  await Promise.all(tunnels.map((tunnel) => tunnel.close()));
  t.false(sshd.log.some((line) => /MaxStartups/.test(line)));
});

test.serial('logins that sshd drops all the same are tried again until they get in', async (t) => {
  await using sshd = await Sshd.start(['MaxStartups 2:90:3']);
  const tunnels = await Promise.all(Array.from({ length: 12 }, () => Tunnel.open(sshd.options)));
  t.true(tunnels.every(({ state }) => state.status === 'connected'));
  await Promise.all(tunnels.map((tunnel) => tunnel.close()));
  t.true(sshd.log.some((line) => /MaxStartups/.test(line)));
});
