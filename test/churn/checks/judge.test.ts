import test from 'ava';
import { type Effect, History } from './history.js';
import { judgeRegisters } from './judge.js';

/** Performs these effects one after the other. */
async function sequence(...effects: Effect[]): Promise<History> {
  const history = new History();
  for (const effect of effects) {
    await history.record(history.newProcess(), 'red', () => Promise.resolve({ ended: 'done', effect }));
  }
  return history;
}

test('a history that can be explained gives no complaint', async (t) => {
  const history = await sequence({ kind: 'put', value: 'a' }, { kind: 'read', found: 'a' });
  t.deepEqual(judgeRegisters(history.registers), []);
  t.deepEqual(history.counts, { done: 2, 'not-done': 0, unknown: 0 });
});

test('a complaint names the register, what nothing explains, and what happened around it', async (t) => {
  const history = await sequence(
    { kind: 'put', value: 'a' },
    { kind: 'put', value: 'b' },
    { kind: 'read', found: 'a' },
  );
  const [complaint = ''] = judgeRegisters(history.registers);
  t.regex(complaint, /history of red is not linearizable.*\n.*process 3: read a\nwhen the register held b;/);
  t.regex(complaint, /process 1: put a\n.*process 2: put b/);
});

test('what certainly did not happen is left out, and what may have happened is not', async (t) => {
  const history = await sequence({ kind: 'put', value: 'a' });
  await history.record(2, 'red', () => Promise.resolve({ ended: 'not-done' }));
  const effect: Effect = { kind: 'put', value: 'b' };
  await history.record(3, 'red', () => Promise.resolve({ ended: 'unknown', effect }));
  await history.record(4, 'red', () =>
    Promise.resolve({ ended: 'done', effect: { kind: 'read', found: 'b' } }),
  );
  t.is(history.registers.get('red')?.length, 3);
  t.deepEqual(judgeRegisters(history.registers), []);
});
