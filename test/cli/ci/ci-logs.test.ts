import test from 'ava';
import { ciSystem } from '../../../cli/ci/ci-system.js';
import { describeFailures } from '../../../cli/ci/describe-failures.js';
import { sectionEnd, sectionStart } from '../../../cli/ci/gitlab-sections.js';
import { stepSummary } from '../../../cli/ci/step-summary.js';
import {
  annotationLine,
  groupLine,
  jsonWithoutCommands,
  withoutCommands,
} from '../../../cli/ci/workflow-commands.js';
import { bad, EVERYTHING, host, story } from './stories.js';

/** The commands that a runner of GitHub Actions finds in a log, as actions/runner parses it. */
function commandsIn(log: string): string[] {
  return log.split(/\r\n|\n|\r/).flatMap((line) => {
    const [, command] = /^\s*::([^ :]*)[\s\S]*?::/.exec(line) ?? /##\[([^\] ]*)[^\]]*\]/.exec(line) ?? [];
    return command === undefined ? [] : [command];
  });
}

test('a job of GitHub or GitLab is known by its variable, nothing else is one', (t) => {
  t.is(ciSystem({ GITHUB_ACTIONS: 'true' }), 'github');
  t.is(ciSystem({ GITLAB_CI: 'true' }), 'gitlab');
  t.is(ciSystem({ CI: 'true', GITHUB_ACTIONS: 'false' }), undefined);
  t.is(ciSystem({}), undefined);
});

test('an annotation is one line, and its parts cannot end or extend it', (t) => {
  const line = annotationLine({
    level: 'error',
    title: 'a,b:c%\n::x::',
    message: '100 %\n::add-mask::e\r\n\u001b[2J',
  });
  t.is(line, '::error title=a%2Cb%3Ac%25\\n%3A%3Ax%3A%3A::100 %25%0A::add-mask::e%0A\\e[2J');
  t.deepEqual(commandsIn(line), ['error']);
  for (const made of [
    annotationLine({ level: 'warning', title: EVERYTHING, message: EVERYTHING }),
    groupLine(EVERYTHING),
  ])
    t.is(commandsIn(made).length, 1);
});

test('no text of others is a command in a log', (t) => {
  const attacks = [
    '::error::x',
    '  \t::add-mask::x',
    'fine\n::stop-commands::x',
    'h1: ##[add-mask]x',
    '###[group]x',
    '\u00a0::debug::x',
  ];
  for (const attack of attacks) {
    t.is(commandsIn(attack).length, 1, attack);
    t.deepEqual(commandsIn(withoutCommands(attack)), [], attack);
    const json = jsonWithoutCommands(JSON.stringify({ said: attack }));
    t.deepEqual(commandsIn(json), [], json);
    t.deepEqual(JSON.parse(json), { said: attack });
  }
  t.is(withoutCommands('::error::x'), '\\x3a:error::x');
  t.is(withoutCommands('a ::b:: and #[c] stay'), 'a ::b:: and #[c] stay');
});

test('a section of GitLab has its markers, and a title that cannot end it', (t) => {
  const title = 'Deploy 3\r\u001b[0Ksection_end:1:x\r\u001b[0K';
  const marker = /section_(?:start|end):\d+:[a-zA-Z0-9_.-]+\r<ESC>\[0K/g;
  const start = sectionStart({ name: 'hawser deploy', title }, 1_700_000_000_999);
  t.true(
    start.startsWith('\u001b[0Ksection_start:1700000000:hawser_deploy\r\u001b[0KDeploy 3\\r\\e[0K'),
    start,
  );
  t.is(start.replaceAll('\u001b', '<ESC>').match(marker)?.length, 1);
  t.is(sectionEnd({ name: 'x', title }, 2_000), '\u001b[0Ksection_end:2:x\r\u001b[0K');
});

test('what went wrong is named first, then each host that is to blame, ten at most', (t) => {
  const hosts = [
    host('h1', { state: 'failed', step: 'start', message: 'It exited with 1.', output: 'port 80 is taken' }),
    host('h2', { state: 'rolled-back', message: 'Taken back.' }),
    host('h3'),
    ...Array.from({ length: 20 }, (_, index) => host(`x${index}`, { state: 'lost' })),
  ];
  const all = describeFailures(story({ ending: bad('rolled-back', 'It failed.'), hosts }));
  t.is(all.length, 10);
  t.deepEqual(all.slice(0, 2), [
    { level: 'error', title: 'Deploy 3 of web', message: 'It failed.' },
    {
      level: 'error',
      title: 'Deploy 3 of web: h1 failed at start',
      message: 'It exited with 1.\nport 80 is taken',
    },
  ]);
  t.deepEqual(describeFailures(story({ hosts: [host('h1')] })), []);
  const [away] = describeFailures(story({ hosts: [host('h1', { state: 'missing', message: 'Away.' })] }));
  t.deepEqual(away, { level: 'warning', title: 'Deploy 3 of web is not on h1', message: 'Away.' });
});

test('a summary has the hosts with those that failed first, and no Markdown or HTML of others', (t) => {
  const evil = '</pre></details><script>|`[x](y)*_@all\n# head';
  const hosts = [host('h1'), host('h2', { state: 'failed', message: evil, output: `one\n\n${evil}` })];
  const summary = stepSummary(story({ ending: bad('failed', evil), hosts }));
  t.regex(summary, /^### Deploy 3 of web: failed\n/);
  t.regex(summary, /\| h2 \| failed \| health \| .*\n\| h1 \| healthy \|/);
  t.notRegex(summary, /<script|`|\[x\]|@all|^# /m);
  t.is(summary.match(/<\/pre>/g)?.length, 1);
  t.notRegex(summary.split('<pre>')[1]?.split('</pre>')[0] ?? '', /\n\n/);
  const many = stepSummary(story({ hosts: Array.from({ length: 300 }, (_, index) => host(`x${index}`)) }));
  t.regex(many, /… and 200 more/);
});
