import type { TestFn } from 'ava';
import { WorldError } from '../../../world/index.js';
import { newFleet, next, type Subject } from './subject.js';

/** The part of the conformance tests that is about the cluster: its members, its size, and how to reach it. */
export function membersConform(test: TestFn, subject: () => Subject): void {
  test.serial('the ideal cluster size has a default, is set, and must be a number', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const invalid = { instanceOf: WorldError, code: 'invalid' };
    const pulses = world.idealClusterSizeWatch()[Symbol.asyncIterator]();
    await next(pulses);
    t.is(await world.idealClusterSizeGet(), 5);
    await world.idealClusterSizeSet(3);
    await next(pulses);
    t.is(await world.idealClusterSizeGet(), 3);
    await world.idealClusterSizeSet(0);
    await next(pulses);
    t.is(await world.idealClusterSizeGet(), 0);
    for (const size of [-1, 1.5, Number.NaN, 65_536]) {
      await t.throwsAsync(world.idealClusterSizeSet(size), invalid);
    }
    await world.client.set('/chooser/dynamicsize/idealclustersize', 'many');
    await t.throwsAsync(world.idealClusterSizeGet(), invalid);
    await pulses.return?.();
  });

  test.serial('the members of the cluster are listed', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const members = await world.members();
    t.is(members.length, 1);
    t.regex(String(members[0]?.id), /^[0-9]{10,20}$/);
    t.deepEqual(
      [(await world.client.cluster.status()).memberId],
      members.map((member) => member.id),
    );
  });

  test.serial('a member says how far it has come', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const before = await world.client.cluster.status();
    t.regex(before.clusterId, /^[1-9][0-9]+$/);
    for (let count = 0; count < 3; count += 1) await world.client.set('/k', String(count));
    const after = await world.client.cluster.status();
    t.is(after.clusterId, before.clusterId);
    t.true(after.revision >= before.revision + 3n);
    t.true(after.raftAppliedIndex >= before.raftAppliedIndex + 3n);
    t.true(after.raftIndex >= after.raftAppliedIndex);
  });

  test.serial('a watch of the members gives them at once and again when they change', async (t) => {
    await using world = await subject().open('h1', newFleet());
    const changes = world.watchMembers()[Symbol.asyncIterator]();
    t.is((await next(changes)).length, 1);
    const grown = next(changes);
    // A learner that never starts: it has no vote, so the cluster goes on without it.
    const { id } = await world.client.cluster.memberAdd(['http://127.0.0.1:1'], { learner: true });
    t.true((await grown).some((member) => member.id === id && member.isLearner));
    await world.client.cluster.memberRemove(id);
    t.deepEqual(
      (await next(changes)).map((member) => member.isLearner),
      [false],
    );
    const waiting = changes.next();
    await changes.return?.();
    t.true((await waiting).done);
  });

  test.serial('a watch of the members ends with its World', async (t) => {
    const world = await subject().open('h1', newFleet());
    const changes = world.watchMembers()[Symbol.asyncIterator]();
    await changes.next();
    const waiting = changes.next();
    await world.close();
    t.true((await waiting).done);
  });

  test.serial('hosts advertise endpoints, and what is no list of endpoints is left out', async (t) => {
    const subjectOf = subject();
    const warnings: string[] = [];
    await using world = await subjectOf.open('h1', newFleet(), (level, message) => {
      if (level === 'warn') warnings.push(message);
    });
    t.regex(String(world.localEndpoints()[0]), subjectOf.localEndpoint);
    const pulses = world.watchEndpoints()[Symbol.asyncIterator]();
    await next(pulses);
    t.deepEqual(await world.advertisedEndpoints(), new Map());
    await world.client.set('/endpoints/h1', 'http://10.0.0.1:2379,https://[::1]:2379');
    await next(pulses);
    await world.client.set('/endpoints/h2', 'ftp://10.0.0.1');
    await world.client.set('/endpoints/h3/x', 'http://10.0.0.1:2379');
    await world.client.set('/endpoints/h4', Buffer.from([0xff]));
    const expected = new Map([['h1', ['http://10.0.0.1:2379', 'https://[::1]:2379']]]);
    t.deepEqual(await world.advertisedEndpoints(), expected);
    t.deepEqual(await world.advertisedEndpoints(), expected);
    for (const key of ['/endpoints/h2', '/endpoints/h3/x', '/endpoints/h4']) {
      t.is(warnings.filter((warning) => warning.includes(`${key}:`)).length, 1, warnings.join('\n'));
    }
    await pulses.return?.();
  });
}
