import test from 'ava';
import { junitReport } from '../../../cli/ci/junit-report.js';
import { parseJunit } from './parse-junit.js';
import { bad, EVERYTHING, host, story } from './stories.js';

test('a healthy deploy is a suite of tests that pass: its verdict, and each host', (t) => {
  const { attributes, properties, cases } = parseJunit(
    junitReport(story({ hosts: [host('h1'), host('h2')] }), 'runner'),
  );
  t.deepEqual(attributes, {
    ...{ id: '0', package: 'hawser', name: 'Deploy 3 of web', timestamp: '2026-11-28T20:00:00' },
    ...{ hostname: 'runner', tests: '3', failures: '0', errors: '0', skipped: '0', time: '4.321' },
  });
  t.deepEqual(properties, { app: 'web', deploy: '3', verdict: 'healthy' });
  t.deepEqual(
    cases.map(({ classname, name, result }) => [classname, name, result]),
    [
      ['hawser', 'deploy of web', 'passed'],
      ['hawser.web', 'h1', 'passed'],
      ['hawser.web', 'h2', 'passed'],
    ],
  );
});

test('a host that failed has the step, the reason, and the end of what its app wrote', (t) => {
  const output = `${'old\n'.repeat(100)}cannot listen\r\nport 80 is taken`;
  const failed = host('h1', { state: 'failed', step: 'start', message: 'It exited with 1.', output });
  const taken = host('h2', { state: 'rolled-back', step: 'back', message: 'Taken back.' });
  const ending = bad('rolled-back', 'Deploy 3 of web failed and was taken back.');
  const { cases } = parseJunit(junitReport(story({ ending, hosts: [failed, taken] }), 'runner'));
  const [whole, h1, h2] = cases;
  t.like(whole, { result: 'failure', type: 'rolled-back', message: ending.message });
  t.like(h1, { result: 'failure', type: 'start', message: 'failed at start: It exited with 1.' });
  t.true(h1?.text.endsWith('\nold\ncannot listen\nport 80 is taken'), h1?.text);
  t.is(h1?.text.split('\n').length, 61);
  t.like(h2, { result: 'failure', type: 'back' });
});

const working = [
  host('h1'),
  host('h2', { state: 'applying', step: 'prepare' }),
  host('h3', { state: 'waiting' }),
];
const away = [host('h1'), host('h2', { state: 'missing', step: undefined })];
const endings = [
  {
    title: 'time ran out: those that were at work are errors, none passed by not having failed',
    given: story({ ending: bad('running', 'Deploy 3 of web is still under way.'), hosts: working }),
    results: ['error', 'passed', 'error', 'error'],
  },
  {
    title: 'it was interrupted',
    given: story({ ending: bad('interrupted', 'Stopped watching.', true), hosts: working }),
    results: ['error', 'passed', 'error', 'error'],
  },
  {
    title: 'a newer deploy came: what was left undone is nobody’s fault',
    given: story({ ending: bad('superseded', 'Deploy 3 of web was superseded.'), hosts: working }),
    results: ['failure', 'passed', 'skipped', 'skipped'],
  },
  {
    title: 'a host is away, and that counts',
    given: story({ ending: bad('failed', 'h2 is missing.'), hosts: away }),
    results: ['failure', 'passed', 'failure'],
  },
  {
    title: 'a host is away, and that was allowed',
    given: story({ hosts: away }),
    results: ['passed', 'passed', 'skipped'],
  },
  {
    title: 'nobody waited',
    given: story({
      ending: { code: 'running', message: 'Recorded deploy 3.', isGood: true, isError: false },
    }),
    results: ['skipped'],
  },
  {
    title: 'the fleet was never reached',
    given: story({ app: undefined, id: undefined, ending: bad('unreachable', 'No host answers.', true) }),
    results: ['error'],
  },
];
for (const { title, given, results } of endings) {
  test(`the results when ${title}`, (t) => {
    const { cases } = parseJunit(junitReport(given, 'runner'));
    t.deepEqual(
      cases.map(({ result }) => result),
      results,
    );
  });
}

test('whatever a host writes, the report is well-formed and says it visibly', (t) => {
  const hosts = [
    host(EVERYTHING, { state: 'failed', step: EVERYTHING, message: EVERYTHING, output: EVERYTHING }),
  ];
  const given = story({
    app: EVERYTHING,
    command: EVERYTHING,
    ending: bad(EVERYTHING, EVERYTHING),
    hosts,
    steps: [EVERYTHING],
  });
  const { cases, systemOut, properties } = parseJunit(junitReport(given, EVERYTHING));
  const shown =
    /\\x00.*\\e.*\\ud800 \\udfff\\ufffe\\uffff\\u202e\\u2028😀\]\]><!\[CDATA\[<!--&#0;%0A::##\[$/u;
  t.regex(cases[1]?.message ?? '', shown);
  t.regex(cases[1]?.name ?? '', shown);
  t.regex(cases[1]?.text.split('\n').at(-1) ?? '', /\\ud800 \\udfff\\ufffe\\uffff/);
  t.regex(systemOut, shown);
  t.regex(properties['app'] ?? '', shown);
});
