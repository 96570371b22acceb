import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { Laptop } from './helpers/laptop.js';
import { matchesOutput } from './helpers/match-output.js';
import { parsePage } from './helpers/parse-page.js';
import { runPage } from './helpers/run-page.js';
import { ShellSession } from './helpers/shell-session.js';

const PAGE = `
<!-- session: laptop -->
<!-- file: notes/today.txt -->
\`\`\`text
back at noon
\`\`\`

<!-- run: cp notes/today.txt notes/hidden.txt -->

\`\`\`sh
cd notes
motd=$(cat \\
  today.txt)
\`\`\`

<!-- exits: 3 -->
\`\`\`console
$ echo "$motd"
back at …
$ (echo gone >&2; exit 3)
gone
\`\`\`

<!-- not run: there is no such program -->
\`\`\`sh
frobnicate
\`\`\`

<!-- interrupt: round 1 -->
\`\`\`sh
trap 'echo over; exit 0' INT; i=0; while :; do i=$((i + 1)); echo "round $i"; sleep 0.01; done
\`\`\`
`;

test('a page is followed in one shell, from its top to its end', async (t) => {
  await using laptop = await Laptop.make();
  await using shell = new ShellSession(laptop);
  t.is(await runPage({ file: 'page.md', ...parsePage(PAGE) }, shell), 5);
  t.is(await readFile(path.join(laptop.cwd, 'notes/hidden.txt'), 'utf8'), 'back at noon\n');
});

test('where a page says something else than happens, the error names the line', async (t) => {
  await using laptop = await Laptop.make();
  await using shell = new ShellSession(laptop);
  const run = (text: string) => runPage({ file: 'page.md', ...parsePage(text) }, shell);
  await t.throwsAsync(run('```sh\ntrue\nfalse\n```\n'), {
    message: /^page\.md:3: false\nended with 1 and not 0:/,
  });
  await t.throwsAsync(run('```console\n$ echo a\nb\n```\n'), {
    message: /^page\.md:2: echo a\nprinted:\na\n/,
  });
  await t.throwsAsync(run('<!-- exits: 1 -->\n```sh\ntrue\n```\n'), { message: /ended with 0 and not 1/ });
  await t.throwsAsync(run('<!-- run: false -->\n'), { message: /^page\.md:1: false\nended with 1/ });
  await t.throwsAsync(run('<!-- interrupt: never -->\n```sh\ntrue\n```\n'), {
    message: /ended without printing never/,
  });
  await t.throwsAsync(run('```sh\nexit 2\n```\n'), { message: /^the shell has ended/ });
});

const matches = test.macro({
  exec: (t, output: string, shown: string, expected: boolean) => t.is(matchesOutput(output, shown), expected),
  title: (_, output: string, shown: string) => `${JSON.stringify(output)} shown as ${JSON.stringify(shown)}`,
});

test(matches, 'a  b\n', 'a b\n', true);
test(matches, 'took 3 s\n', 'took … s\n', true);
test(matches, 'a\nb\nc\n', 'a\n…\nc\n', true);
test(matches, 'a\nc\n', 'a\n…\nc\n', true);
test(matches, 'a\nb\nc\n', 'a\nc\n', false);
test(matches, 'Done.\n', '✔ Go on? Yes\nDone.\n', true);
test(matches, '', '', true);
test(matches, 'more\n', '', false);
test(matches, 'a.b\n', 'a+b\n', false);
