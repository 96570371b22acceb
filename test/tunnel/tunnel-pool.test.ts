import test from 'ava';
import { type Ask, type Question, TunnelError, TunnelPool } from '../../tunnel/index.js';
import { Sshd } from './helpers/sshd.js';

function loginsOf(sshd: Sshd): number {
  return sshd.log.filter((line) => line.includes('Accepted')).length;
}

test.serial(
  'all who ask for a host share one connection, and the last to close its share closes it',
  async (t) => {
    await using sshd = await Sshd.start();
    await using pool = new TunnelPool();
    const { destinations, ...others } = sshd.options;
    const [first, second] = await Promise.all([
      pool.open(sshd.options),
      pool.open({ ...others, destinations, log: () => {} }),
    ]);
    t.is(first.tunnel, second.tunnel);
    const third = await pool.open(sshd.options);
    await first.close();
    await first.close();
    await second.close();
    t.is(third.tunnel.state.status, 'connected');
    await third.close();
    t.is(third.tunnel.state.status, 'closed');
    t.is(loginsOf(sshd), 1);
    await using again = await pool.open(sshd.options);
    t.is(again.tunnel.state.status, 'connected');
  },
);

test.serial('who must be verified otherwise gets a connection of its own', async (t) => {
  await using sshd = await Sshd.start();
  await using pool = new TunnelPool();
  await using byKnownHosts = await pool.open(sshd.options);
  await using byPin = await pool.open({ ...sshd.options, hostKey: await sshd.fingerprint() });
  t.not(byKnownHosts.tunnel, byPin.tunnel);
  const wrong = { ...sshd.options, hostKey: `SHA256:${'A'.repeat(43)}` };
  const error = await t.throwsAsync(pool.open(wrong), { instanceOf: TunnelError });
  t.is(error.code, 'host-key-changed');
});

test.serial(
  'one who gives up leaves the opening to the others, and a failure is not remembered',
  async (t) => {
    await using sshd = await Sshd.start();
    await using pool = new TunnelPool();
    await sshd.freeze();
    const impatient = new AbortController();
    const reason = new Error('enough');
    const given = pool.open(sshd.options, { signal: impatient.signal });
    const kept = pool.open(sshd.options);
    impatient.abort(reason);
    t.is(await t.throwsAsync(given), reason);
    await sshd.thaw();
    await (await kept).close();
    await sshd.stop();
    const error = await t.throwsAsync(pool.open(sshd.options), { instanceOf: TunnelError });
    t.is(error.code, 'unreachable');
    await sshd.restart();
    await using again = await pool.open(sshd.options);
    t.is(again.tunnel.state.status, 'connected');
  },
);

test.serial('a pool that is closed closes its tunnels and opens no more', async (t) => {
  await using sshd = await Sshd.start();
  const pool = new TunnelPool();
  const share = await pool.open(sshd.options);
  await pool.close();
  await pool.close();
  t.is(share.tunnel.state.status, 'closed');
  await share.close();
  const error = await t.throwsAsync(pool.open(sshd.options), { instanceOf: TunnelError });
  t.is(error.code, 'closed');
});

test.serial('who comes after a tunnel was given up for good gets a new one', async (t) => {
  await using sshd = await Sshd.start();
  await using pool = new TunnelPool();
  await using failed = await pool.open(sshd.options);
  await sshd.restart({ newHostKey: true });
  for await (const { status } of failed.tunnel.states()) if (status === 'failed') break;
  await sshd.trustHostKey();
  await using again = await pool.open(sshd.options);
  t.is(again.tunnel.state.status, 'connected');
});

test.serial('who waits for a tunnel when the pool closes is told so', async (t) => {
  await using sshd = await Sshd.start();
  const pool = new TunnelPool();
  await sshd.freeze();
  const waiting = pool.open(sshd.options);
  const told = t.throwsAsync(waiting, { instanceOf: TunnelError });
  await pool.close();
  t.is((await told).code, 'closed');
});

test.serial(
  'one person is asked for all hosts of a pool, one after the other, and told which of how many',
  async (t) => {
    await using first = await Sshd.start();
    await using second = await Sshd.start();
    const asked: Question[] = [];
    let underWay = 0;
    const ask: Ask = async (question) => {
      underWay += 1;
      t.is(underWay, 1);
      asked.push(question);
      await new Promise(setImmediate);
      underWay -= 1;
      return 'yes';
    };
    await using pool = new TunnelPool({ ask });
    const shares = await Promise.all(
      [first, second].map((sshd) => pool.open({ ...sshd.options, knownHostsFiles: [`${sshd.folder}/new`] })),
    );
    t.true(shares.every(({ tunnel }) => tunnel.state.status === 'connected'));
    t.deepEqual(
      asked.map(({ position }) => position?.of),
      [2, 2],
    );
    t.deepEqual(asked.map(({ position }) => position?.number).sort(), [1, 2]);
  },
);
