import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { Client, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';

/** Tries until etcd no longer refuses, for as long as a member may take to catch up or to count as healthy. */
async function untilAccepted(attempt: () => Promise<void>): Promise<number> {
  const until = performance.now() + 20_000;
  for (let refusals = 0; ; refusals += 1) {
    try {
      await attempt();
      return refusals;
    } catch (error) {
      const refused =
        error instanceof WorldError && (error.code === 'conflict' || error.code === 'unavailable');
      if (!refused || performance.now() > until) throw error;
    }
    await delay(50);
  }
}

test.serial('a member is added as a learner, promoted, made the leader, and removed', async (t) => {
  await using first = await Etcd.start();
  await using client = Client.create({ endpoints: [first.url] });
  await client.set('/k', 'value');
  let id = '';
  await using second = await Etcd.join('m2', async (peerUrl) => {
    const added = await client.cluster.memberAdd([peerUrl], { learner: true });
    id = added.id;
    t.like(
      added.members.find((member) => member.id === id),
      { name: '', peerUrls: [peerUrl], isLearner: true },
    );
    return added.members;
  });
  t.true((await client.cluster.status(second.url)).isLearner);

  const another = `http://127.0.0.1:${await freePort()}`;
  const pending = await t.throwsAsync(client.cluster.memberAdd([another], { learner: true }), {
    instanceOf: WorldError,
  });
  t.true(['conflict', 'unavailable'].includes(String(pending?.code)), pending?.message);

  // A learner answers no reads: the client must find the voter.
  await using either = Client.create({ endpoints: [second.url, first.url] });
  t.is((await either.get('/k'))?.value.toString(), 'value');

  await untilAccepted(() => client.cluster.memberPromote(id));
  // The member itself hears of it a moment later.
  await untilAccepted(async () => {
    if ((await client.cluster.status(second.url)).isLearner)
      throw new WorldError('conflict', 'It is a learner still.');
  });
  client.setEndpoints([second.url, first.url]);
  await client.cluster.moveLeader(id);
  await client.cluster.moveLeader(id);
  t.is((await client.cluster.status(second.url)).leader, id);

  const others = (await client.cluster.members()).filter((member) => member.id !== id);
  t.is(others.length, 1);
  for (const member of others) await untilAccepted(() => client.cluster.memberRemove(member.id));
  client.setEndpoints([second.url]);
  t.deepEqual(
    (await client.cluster.members()).map((member) => member.id),
    [id],
  );
  t.is((await client.get('/k'))?.value.toString(), 'value');
});

test.serial('leadership cannot be moved when none of the endpoints leads', async (t) => {
  await using client = Client.create({ endpoints: [`http://127.0.0.1:${await freePort()}`] });
  await t.throwsAsync(client.cluster.moveLeader('1', { timeoutMs: 200 }), {
    instanceOf: WorldError,
    code: 'not-found',
  });
});
