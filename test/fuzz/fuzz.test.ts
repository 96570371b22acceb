import test from 'ava';
import fc from 'fast-check';
import { runFuzz } from './run-fuzz.js';
import { topic } from './topic.js';
import { topics } from './topics.js';

const SEED = 9;

for (const one of topics) {
  test.serial(
    `Whatever is fed to the parser of ${one.name}, it reads it rightly or refuses it`,
    async (t) => {
      const { counts, failure } = await runFuzz({ topics: [one], seed: SEED, say: () => {} });
      t.is(failure, undefined);
      t.true((counts.get(one.name)?.cases ?? 0) >= one.runs.short);
    },
  );
}

test.serial(
  'A parser that fails is reported with its seed and the smallest input, which comes again',
  async (t) => {
    const parser = topic('broken', fc.array(fc.nat()), (numbers) => {
      if (numbers.some((number) => number > 100)) throw new Error('too large');
      return 1;
    });
    const said: string[] = [];
    let turns = 0;
    const goesOn = () => {
      turns += 1;
      return turns < 10;
    };
    const options = { topics: [parser], goesOn, say: (text: string) => said.push(text) };
    const { failure } = await runFuzz({ ...options, seed: SEED });
    t.is(failure?.input, '[101]');
    t.regex(failure?.problem ?? '', /too large/);
    t.true(said.at(-1)?.endsWith(`seed ${failure?.seed}`));
    const again = await runFuzz({ ...options, goesOn: () => false, seed: failure?.seed ?? 0 });
    t.deepEqual([again.failure?.seed, again.failure?.input], [failure?.seed, '[101]']);
  },
);
