import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import { visible, visibleJson, visibleValue } from '../../../cli/output/escape-controls.js';
import { formatTable, lines } from '../../../cli/output/print.js';

const source = fileURLToPath(new URL('../../../../cli', import.meta.url));

const cases: readonly (readonly [name: string, text: string, shown: string])[] = [
  ['an escape sequence', '\x1b[2J', '\\e[2J'],
  ['a title', '\x1b]0;x\x07', '\\e]0;x\\a'],
  ['line breaks and tabs', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
  ['C0 and DEL', '\0\x01\b\v\f\x7f', '\\x00\\x01\\b\\v\\f\\x7f'],
  ['C1', '\x9b31m\x85', '\\x9b31m\\x85'],
  ['marks that turn the direction', '\u202e\u2066\u200f\u061c', '\\u202e\\u2066\\u200f\\u061c'],
  ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
  ['what has no width', 'a\u200b\u2060\ufeff\u00ad', 'a\\u200b\\u2060\\ufeff\\xad'],
  ['letters without a glyph', '\u3164\u115f\u034f', '\\u3164\\u115f\\u034f'],
  ['tags', '\u{e0041}\u{e007f}', '\\u{e0041}\\u{e007f}'],
  ['half a surrogate pair', 'a\ud83d', 'a\\ud83d'],
  ['a mark without a letter', '\u0301a', '\\u0301a'],
  ['the marks from the fifth on', `e${'\u0301'.repeat(6)}`, `e${'\u0301'.repeat(4)}\\u0301\\u0301`],
  ['a variation selector without a pictograph', 'a\ufe0f', 'a\\ufe0f'],
];

for (const [name, text, shown] of cases) {
  test(`shown: ${name}`, (t) => t.is(visible(text), shown));
}

test('writing of all sorts stays as it is', (t) => {
  const text = 'naïve e\u0301 日本語 العربية ไม่ กี่ हिन्दी ❤️ 🎉 “x” C:\\dir\u00a0~';
  t.is(visible(text), text);
});

test('a long text keeps its beginning and its end', (t) => {
  const shown = visible(`begin${'x'.repeat(1_000_000)}end`);
  t.regex(shown, /^beginx+… \(996008 more characters\) …x+end$/);
});

test('a value keeps its line breaks and tabs, and nothing else that acts', (t) => {
  t.is(visibleValue('a\tb\r\n\x1b[1mc\n'), 'a\tb\\r\n\\e[1mc\n');
});

/** What may reach a terminal inside a line. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|\p{M}{5}/u;
const anyText = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), control()),
});

function control(): fc.Arbitrary<string> {
  const ranges: [number, number][] = [
    [0, 0x1f],
    [0x7f, 0x9f],
    [0x300, 0x320],
    [0x2000, 0x206f],
    [0xd800, 0xdfff],
    [0xfe00, 0xfe0f],
    [0xe0000, 0xe01ff],
  ];
  return fc.oneof(
    ...ranges.map(([min, max]) => fc.integer({ min, max }).map((code) => String.fromCodePoint(code))),
  );
}

test('whatever the text, what is shown of it is one line without a control character', (t) => {
  fc.assert(
    fc.property(anyText, (text) => !unsafe.test(visible(text))),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(anyText, (text) => !unsafe.test(visibleValue(text).replace(/[\n\t]/g, ' '))));
  t.pass();
});

test('JSON that is safe on a terminal reads back as the same value', (t) => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (value) => {
      const json = visibleJson(value);
      t.deepEqual(JSON.parse(json), { ...value });
      t.notRegex(json, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('a table has as many rows as it was given, and its columns line up behind wide letters', (t) => {
  const shown = String(
    formatTable(
      ['A', 'B'],
      [
        ['日本', 'x\nforged  row'],
        ['abcde', '\x1b[8m'],
      ],
    ),
  );
  t.deepEqual(shown.split('\n'), ['A      B', '日本   x\\nforged  row', 'abcde  \\e[8m']);
});

test('lines of ours hold what others wrote in one line each', (t) => {
  t.is(String(lines(['a', lines(['b\nc', 'd'])])), 'a\nb\\nc\nd');
});

/** A shell on a host that hawser has just made: what it shows is what a shell shows. */
const SHELL = 'lab/ssh-lab.ts';

test('no file of the command line but one writes to its output', async (t) => {
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith('.ts'));
  t.true(files.length > 40);
  const writers: string[] = [];
  for (const file of files) {
    const text = await readFile(path.join(source, file), 'utf8');
    // A listener for a reader that went away writes nothing, and a script that a host runs writes there.
    const rest = text
      .replace(/process\.(stdout|stderr)(\.removeAllListeners\('error'\))?\.on\('error'/g, '')
      .replace(/^const SCRIPT = `[^`]*`/m, '');
    if (
      /process\s*(\.|\[)\s*['"]?(stdout|stderr)|\bconsole\.[a-z]|writeSync\(\s*[12]\b|\b(stdio|stdout|stderr): *'inherit'|emitWarning|node:process/.test(
        rest,
      )
    )
      writers.push(file);
  }
  t.deepEqual(writers.sort(), [SHELL, 'output/write-output.ts']);
});

test('what lets inquirer draw a question makes its text visible', async (t) => {
  const files = await readdir(path.join(source, 'prompts'));
  const asking: string[] = [];
  for (const file of files) {
    const text = await readFile(path.join(source, 'prompts', file), 'utf8');
    if (!text.includes('.createPromptModule(')) continue;
    asking.push(file);
    t.regex(text, /\b(visible|formatQuestion)\(/, file);
  }
  t.true(asking.length >= 2);
});
