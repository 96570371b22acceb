import test from 'ava';
import { withBadNominee } from '../helpers/nominee.js';

test.serial(
  'a host that freezes when it is nominated costs a cluster of one not a single write, and another gets its place',
  async (t) => {
    const { writer, nominations, voters, stories } = await withBadNominee(
      '3.5',
      (bad, seeds) => bad.start(seeds),
      (bad) => bad.freeze(),
    );
    t.log(`${writer.acknowledged} writes, longest gap ${writer.longestGapMs} ms`);
    t.deepEqual([writer.failures, writer.lost], [[], []]);
    t.deepEqual(voters, ['h1', 'h2', 'h3']);
    t.is(nominations, 1, stories);
  },
);
