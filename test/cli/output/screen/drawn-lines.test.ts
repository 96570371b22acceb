import xterm from '@xterm/headless';
import test from 'ava';
import { DrawnLines } from '../../../../cli/output/screen/drawn-lines.js';
import type { ScreenLine } from '../../../../cli/output/screen/screen-line.js';

const size = { columns: 40, rows: 10 };

function scene({ isColoured = false } = {}) {
  const terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  const drawn = new DrawnLines({ isColoured });
  const write = (written: string) => new Promise<void>((resolve) => terminal.write(written, resolve));
  const screen = () => {
    const { active } = terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) =>
      active.getLine(row)?.translateToString(true),
    );
    return lines.join('\n').trimEnd();
  };
  const draw = async (...lines: readonly (string | ScreenLine)[]) => {
    const asLines = lines.map((line) => (typeof line === 'string' ? [{ text: line }] : line));
    const written = drawn.draw(asLines, { columns: terminal.cols, rows: terminal.rows });
    await write(written);
    return written;
  };
  return { terminal, drawn, write, screen, draw };
}

test('only what changed is written', async (t) => {
  const { draw, screen, write } = scene();
  await write('before\r\n');
  t.is(
    await draw('web1  applying  1s', 'web2  waiting', 'web3  waiting'),
    'web1  applying  1s\r\nweb2  waiting\r\nweb3  waiting\r\n',
  );
  t.is(await draw('web1  applying  1s', 'web2  waiting', 'web3  waiting'), '');
  t.is(await draw('web1  applying  2s', 'web2  waiting', 'web3  waiting'), '\u001b[3A\u001b[17G2\u001b[3B\r');
  t.is(
    await draw('web1  healthy', 'web2  waiting', 'web3  fetching'),
    '\u001b[3A\u001b[7Ghealthy\u001b[14G\u001b[K\u001b[2B\u001b[7Gfetching\u001b[1B\r',
  );
  t.is(screen(), 'before\nweb1  healthy\nweb2  waiting\nweb3  fetching');
});

test('lines come and go', async (t) => {
  const { draw, drawn, screen, write } = scene();
  await write('before\r\n');
  await draw('one');
  await draw('one', 'two', 'three');
  t.is(screen(), 'before\none\ntwo\nthree');
  await draw('uno', 'two');
  t.is(screen(), 'before\nuno\ntwo');
  drawn.leave();
  await write('after');
  t.is(screen(), 'before\nuno\ntwo\nafter');
});

test('at the bottom of the screen what was above scrolls away, and the lines are changed where they are', async (t) => {
  const { draw, drawn, screen, write } = scene();
  await write('1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9\r\n');
  await draw('a', 'b', 'c');
  await draw('A', 'b', 'C', 'd');
  t.is(screen(), '1\n2\n3\n4\n5\n6\n7\n8\n9\nA\nb\nC\nd');
  await write(`${drawn.erase()}after`);
  t.is(screen(), '1\n2\n3\n4\n5\n6\n7\n8\n9\nafter');
});

test('more lines than rows are cut off, so that the first can still be reached', async (t) => {
  const { draw, screen } = scene();
  const many = Array.from({ length: 30 }, (_, line) => `line ${line}`);
  await draw(...many);
  await draw(...many.map((line) => `${line}!`));
  t.is(
    screen(),
    many
      .slice(0, size.rows - 1)
      .map((line) => `${line}!`)
      .join('\n'),
  );
});

test('characters of two columns, and text of somebody else, do no harm to the rest of the line', async (t) => {
  const { draw, screen } = scene();
  await draw('\u6f22\u5b57 1s', 'bad \u001b[2J\u001b[1A\n1s');
  t.is(screen(), '\u6f22\u5b57 1s\nbad \\e[2J\\e[1A\\n1s');
  t.is(
    await draw('\u6f22\u5b57 2s', 'bad \u001b[2J\u001b[1A\n2s'),
    '\u001b[2A\r\u6f22\u5b57 2s\u001b[1B\u001b[17G2\u001b[1B\r',
  );
  t.is(screen(), '\u6f22\u5b57 2s\nbad \\e[2J\\e[1A\\n2s');
  await draw('\u6f22'.repeat(30), 'x');
  t.is(screen(), `${'\u6f22'.repeat(19)}\u2026\nx`);
});

for (const [columns, rows] of [
  [20, 10],
  [15, 6],
  [80, 24],
  [5, 3],
] as const)
  test(`the screen becomes ${columns}x${rows}, and nothing stays behind`, async (t) => {
    const { draw, drawn, screen, terminal, write } = scene();
    await write('before\r\n');
    await draw('a line of thirty-one characters', 'b', 'another of twenty-six here');
    await draw('A line of thirty-one characters', 'b', 'another of twenty-six here');
    terminal.resize(columns, rows);
    await draw('uno', 'due', 'tre');
    await draw('uno', 'due!', 'tre');
    const shown = ['uno', 'due!', 'tre']
      .slice(0, Math.max(rows - 1, 1))
      .map((line) => (line.length < columns ? line : `${line.slice(0, columns - 2)}…`));
    t.regex(screen(), new RegExp(`^(before|[\\s\\S]*)\n${shown.join('\n')}$`));
    t.is(screen().match(/thirty|another/g), null);
    await write(`${drawn.erase()}after`);
    t.regex(screen(), /\nafter$/);
  });

test('colours begin and end with what they are for, and none without them', async (t) => {
  const lines = (second: string): ScreenLine[] => [
    [{ text: 'web1 ' }, { text: 'healthy', style: 'green' }, { text: second }],
  ];
  const coloured = scene({ isColoured: true });
  t.is(await coloured.draw(...lines(' 1s')), 'web1 \u001b[32mhealthy\u001b[0m 1s\r\n');
  t.is(await coloured.draw(...lines(' 2s')), '\u001b[1A\u001b[14G2\u001b[1B\r');
  const plain = scene();
  t.is(await plain.draw(...lines(' 1s')), 'web1 healthy 1s\r\n');
});

test('a change of fifty rows takes few bytes', async (t) => {
  const drawn = new DrawnLines({ isColoured: true });
  const table = (step: number): ScreenLine[] =>
    Array.from({ length: 50 }, (_, host) => [
      { text: `web${host}`.padEnd(8) },
      { text: 'applying'.padEnd(12), style: 'cyan' },
      { text: `${host < 5 ? step : 0}s`.padEnd(6) },
      { text: 'Starting the app.' },
    ]);
  const large = { columns: 120, rows: 60 };
  drawn.draw(table(1), large);
  const written = drawn.draw(table(2), large);
  t.log(`${written.length} bytes for five cells of fifty rows`);
  t.true(written.length < 60, written);
});
