import test from 'ava';
import { PausableTimeout } from '../../tunnel/pausable-timeout.js';
import { type Ask, type Question, Questions } from '../../tunnel/question-queue.js';

const { signal } = new AbortController();

function about(host: string, text = '?'): Question {
  return { kind: 'password', host, text, echo: false };
}

/** Answers when it is told to. */
function person(): { ask: Ask; asked: Question[]; answer: (text: string) => void } {
  const asked: Question[] = [];
  let give = (_: string) => {};
  const ask: Ask = (question) => {
    asked.push(question);
    return new Promise((resolve) => {
      give = resolve;
    });
  };
  return { ask, asked, answer: (text) => give(text) };
}

test.serial(
  'questions of several hosts come one after the other, and say which of how many they are for',
  async (t) => {
    const { ask, asked, answer } = person();
    const questions = new Questions(ask, ['a', 'b', 'c']);
    const answers = ['c', 'a', 'elsewhere'].map((host) => questions.ask(about(host), { signal }));
    for (const text of ['1', '2', '3']) {
      await new Promise(setImmediate);
      answer(text);
    }
    t.deepEqual(await Promise.all(answers), ['1', '2', '3']);
    t.deepEqual(
      asked.map(({ position }) => position),
      [{ number: 3, of: 3 }, { number: 1, of: 3 }, undefined],
    );
  },
);

test.serial('a question taken back before its turn is never asked, and holds nobody up', async (t) => {
  const { ask, asked, answer } = person();
  const questions = new Questions(ask);
  const first = questions.ask(about('a'), { signal });
  const controller = new AbortController();
  const second = questions.ask(about('b'), { signal: controller.signal });
  const third = questions.ask(about('c'), { signal });
  const reason = new Error('not needed');
  controller.abort(reason);
  t.is(await t.throwsAsync(second), reason);
  answer('1');
  t.is(await first, '1');
  await new Promise(setImmediate);
  answer('3');
  t.is(await third, '3');
  t.deepEqual(
    asked.map(({ host }) => host),
    ['a', 'c'],
  );
});

test.serial('a question whose asking fails holds nobody up', async (t) => {
  let calls = 0;
  const questions = new Questions(async () => {
    calls += 1;
    if (calls === 1) throw new Error('no terminal');
    return 'yes';
  });
  await t.throwsAsync(questions.ask(about('a'), { signal }), { message: 'no terminal' });
  t.is(await questions.ask(about('b'), { signal }), 'yes');
});

test.serial('what was found out once is not asked again, not even in vain', async (t) => {
  const asked: string[] = [];
  const questions = new Questions(async ({ text }) => {
    asked.push(text);
    return text === 'known' ? 'answer' : undefined;
  });
  for (const topic of ['known', 'unknown']) {
    const found = await Promise.all(
      ['a', 'b'].map((host) => questions.once(topic, { signal }, (put) => put(about(host, topic)))),
    );
    t.deepEqual(found, topic === 'known' ? ['answer', 'answer'] : [undefined, undefined]);
  }
  t.deepEqual(asked, ['known', 'unknown']);
});

test.serial('a host cannot send what moves the cursor', async (t) => {
  const shown: string[] = [];
  const questions = new Questions(async ({ text }) => {
    shown.push(text);
    return undefined;
  });
  await questions.ask(about('a', 'one\r\ntwo\x1b[2J\u202e\x07\tthree\x7f\u009b'), { signal });
  t.deepEqual(shown, ['one\ntwo[2J\tthree']);
});

test.serial('a kept answer is given once', (t) => {
  const questions = new Questions(async () => undefined);
  questions.remember('password', 'secret');
  t.is(questions.recall('password'), 'secret');
  t.is(questions.recall('password'), undefined);
});

test.serial('a time limit stands still while it is paused, however often', async (t) => {
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    const timeLimit = new PausableTimeout(20, () => {
      isOver = true;
      resolve();
    });
    const resumes = [timeLimit.pause(), timeLimit.pause()];
    setTimeout(() => {
      t.false(isOver);
      for (const resume of [...resumes, ...resumes]) resume();
    }, 60);
  });
  await over;
  t.true(isOver);
});

test.serial('a time limit that was disposed of is never over', async (t) => {
  const timeLimit = new PausableTimeout(1, () => t.fail());
  const resume = timeLimit.pause();
  timeLimit[Symbol.dispose]();
  resume();
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.pass();
});
