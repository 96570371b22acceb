import test from 'ava';
import { Interrupts } from '../../cli/interrupts.js';
import { commandLineChecker } from './helpers/check-command-line.js';
import { type Block, commandsOf, parsePage } from './helpers/parse-page.js';
import { hawserCalls } from './helpers/split-shell-line.js';

const page = `# A page

<!-- session: fleet web1 web2 -->
<!-- file: web/hawser.yaml -->
\`\`\`yaml
name: web
\`\`\`

<!-- run: test -d web -->

1. Then:

   <!-- exits: 4 -->
   \`\`\`console
   $ hawser deploy ./web \\\\
   >   --yes
   Deploy 1 …
   $ cd web
   \`\`\`
`;

test('marks belong to the block that follows them', (t) => {
  const { session, items } = parsePage(page);
  t.deepEqual(session, { kind: 'fleet', hosts: ['web1', 'web2'] });
  const [file, hidden, typed] = items;
  t.like(file, {
    kind: 'block',
    language: 'yaml',
    text: 'name: web\n',
    line: 6,
    marks: new Map([['file', 'web/hawser.yaml']]),
  });
  t.deepEqual(hidden, { kind: 'hidden', command: 'test -d web', line: 9 });
  t.like(typed, { marks: new Map([['exits', '4']]) });
  t.deepEqual(commandsOf(typed as Block), [
    { command: 'hawser deploy ./web \\\\\n  --yes', line: 15, expected: 'Deploy 1 …\n' },
    { command: 'cd web', line: 18, expected: '' },
  ]);
});

test('a mark that is misspelt, comes twice, or has no block is an error with its line', (t) => {
  const block = '```sh\ntrue\n```\n';
  t.throws(() => parsePage(`<!-- exit: 4 -->\n${block}`), {
    message: /^line 1: expected one of session, run, .* got exit$/,
  });
  t.throws(() => parsePage(`<!-- exits: 4 -->\n<!-- exits: 5 -->\n${block}`), { message: /^line 2: / });
  t.throws(() => parsePage('<!-- exits: 4 -->\n\ntext\n'), {
    message: /^line 3: expected a block after a mark/,
  });
  t.throws(() => parsePage('<!-- exits: 4 -->\n'), { message: /expected a block after a mark$/ });
  t.throws(() => parsePage('<!-- session: fleet -->\n'), { message: /^line 1: expected "laptop"/ });
  t.throws(() => parsePage('```sh\ntrue\n'), { message: 'line 1: this block has no end' });
});

test('a script is one command a line, unless a backslash or a heredoc continues it', (t) => {
  const text = 'cat > a <<EOF\nb \\\nEOF\n# a comment\n\nhawser status \\\n  --json\n';
  const block: Block = { kind: 'block', language: 'sh', text, line: 1, marks: new Map() };
  t.deepEqual(
    commandsOf(block).map(({ command, line }) => [command, line]),
    [
      ['cat > a <<EOF\nb \\\nEOF', 1],
      ['hawser status \\\n  --json', 6],
    ],
  );
});

const calls = test.macro({
  exec: (t, script: string, expected: string[][]) => t.deepEqual(hawserCalls(script), expected),
  title: (_, script: string) => `calls of hawser in: ${script}`,
});

test(calls, 'hawser status --json | jq .', [['status', '--json']]);
test(calls, "hawser str set motd 'back at noon' # a comment", [['str', 'set', 'motd', 'back at noon']]);
test(calls, 'A=1 sudo hawser run && hawser status; npx hawser top', [['run'], ['status'], ['top']]);
test(calls, 'eval "$(hawser env)"', [['env']]);
test(calls, 'hawser map set kernel "$(uname -r)" > out 2>&1', [['map', 'set', 'kernel', '$(uname -r)']]);
test(calls, 'echo hawser; cat <<EOF\nhawser nothing\nEOF', []);

test('a command line is checked as the program checks it, and not run', async (t) => {
  using interrupts = new Interrupts();
  const problemOf = await commandLineChecker(interrupts);
  t.is(await problemOf(['deploy', './web', '--yes']), undefined);
  t.is(await problemOf(['--help']), undefined);
  t.is(await problemOf(['help', 'deploy']), undefined);
  t.regex((await problemOf(['deploy', '--yess'])) ?? '', /unknown option '--yess'/);
  t.regex((await problemOf(['depoy'])) ?? '', /unknown command 'depoy'/);
  t.regex((await problemOf(['deploys', 'lists'])) ?? '', /unknown command 'lists'/);
  t.regex((await problemOf(['str', 'get'])) ?? '', /missing required argument/);
});
