import test from 'ava';
import { isMarked, listProcesses } from '../../../agent/processes/process-table.js';
import { type RunOptions, runProgram } from '../../../agent/processes/run-program.js';

const marked = (mark: string) => listProcesses().filter(({ pid }) => isMarked(pid, `${mark}\0`));

function options(mark: string, script: string, more: Partial<RunOptions> = {}): RunOptions {
  return {
    argv: ['sh', '-c', script],
    ...{ cwd: '/', environment: process.env, mark, timeoutMs: 60_000 },
    signal: new AbortController().signal,
    ...more,
  };
}

test.serial('the end of what a program writes is kept, however much it is', async (t) => {
  const script = 'head -c 20000000 /dev/zero | tr "\\0" x; echo; echo first; echo last >&2; exit 3';
  const { exit, outputTail, timedOut } = await runProgram(options('RUN=much', script));
  t.deepEqual(exit, { code: 3, signal: null });
  t.false(timedOut);
  t.true(outputTail.length <= 16_384);
  t.regex(outputTail, /first/);
  t.regex(outputTail, /last/);
});

test.serial('a program that hangs is killed at its time limit, with all that it started', async (t) => {
  const script = 'trap "" TERM; setsid sleep 1000 & (sleep 1000; echo) & echo started; wait';
  const { exit, timedOut, outputTail } = await runProgram(options('RUN=hangs', script, { timeoutMs: 300 }));
  t.true(timedOut);
  t.is(exit.signal, 'SIGKILL');
  t.is(outputTail, 'started');
  t.deepEqual(marked('RUN=hangs'), []);
});

test.serial(
  'a daemon that a program leaves behind is ended with it, though it holds the output',
  async (t) => {
    const { exit, left } = await runProgram(options('RUN=daemon', 'setsid sleep 1000 & exit 0'));
    t.is(exit.code, 0);
    t.is(left.length, 1);
    t.deepEqual(marked('RUN=daemon'), []);
  },
);

test.serial('an abort kills a program and all that it started', async (t) => {
  const ending = new AbortController();
  const running = runProgram(options('RUN=abort', 'sleep 1000 & wait', { signal: ending.signal }));
  while (marked('RUN=abort').length < 2) await new Promise(setImmediate);
  const reason = new Error('enough');
  ending.abort(reason);
  t.is(await t.throwsAsync(running), reason);
  t.deepEqual(marked('RUN=abort'), []);
});

test.serial('a program that is not there is an error', async (t) => {
  const missing = runProgram({ ...options('RUN=missing', ''), argv: ['no-such-program'] });
  await t.throwsAsync(missing, { message: /no such program \(ENOENT\)/ });
});
