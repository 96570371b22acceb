import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { makeManPages } from '../../cli/help/make-man-pages.js';

const run = promisify(execFile);
const pages = await makeManPages('1.2.3');

test.serial('package.json names each page of the manual that the build makes', async (t) => {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  const { man } = JSON.parse(text) as { readonly man: readonly string[] };
  t.deepEqual([...man], pages.map(({ file }) => `./dist/man/${file}`).sort(), 'sort them by name');
});

test.serial('a page says what --help says, in words that troff takes as they are', (t) => {
  const forward = pages.find(({ file }) => file === 'hawser-forward.1')?.text ?? '';
  t.regex(forward, /^\.TH "HAWSER\\-FORWARD" 1 "" "hawser 1\.2\.3" "hawser"$/m);
  t.regex(forward, /^\.B "hawser forward start"\n\[options\]$/m);
  t.regex(
    forward,
    /^\.TP\n\.B "\\-\\-idle <duration>"\nEnd the forward after this long without use \(default: 30m\)$/m,
  );
  t.is(forward.split('.B "\\-\\-ssh\\-url <destination>"').length, 2, 'shared options stand there once');
  t.regex(forward, /^\$ hawser forward start \\-\\-fleet prod \\-\\-idle 2h$/m);
  const [root] = pages;
  for (const { file } of pages.slice(1)) {
    const name = file.slice(0, -'.1'.length).replaceAll('-', '\\-');
    t.true(root?.text.includes(`.BR ${name} (1)\n`), file);
  }
  for (const { file, text } of pages) {
    for (const line of text.split('\n')) {
      t.notRegex(line, /^\.(?!TH |SH |SS |TP$|B |BR |I |nf$|fi$|br$)/, file);
      t.notRegex(line, /^'|\\(?!e|-|&|\(dq)/, `${file}: ${line}`);
    }
  }
});

test.serial('groff has nothing to say against a page, where it is installed', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-man-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const files = pages.map(({ file }) => path.join(folder, file));
  await Promise.all(pages.map(({ text }, index) => writeFile(files[index] ?? '', text)));
  try {
    const { stdout, stderr } = await run('groff', ['-man', '-Tutf8', '-ww', ...files], {
      maxBuffer: 1 << 26,
    });
    t.is(stderr, '');
    t.true(stdout.length > 10_000);
  } catch (error) {
    t.is((error as NodeJS.ErrnoException).code, 'ENOENT', String(error));
  }
});
