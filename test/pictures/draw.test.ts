import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import xterm from '@xterm/headless';
import test from 'ava';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';
import { drawScreen } from './draw-screen.js';
import { drawTour } from './draw-tour.js';
import { readScreen, type Screen } from './screen.js';
import { shortenPauses } from './shorten-pauses.js';

const SIZE = { columns: 40, rows: 5 };

async function screenOf(output: string): Promise<Screen> {
  const terminal = new xterm.Terminal({ cols: SIZE.columns, rows: SIZE.rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  return readScreen(terminal);
}

test('a line is read as runs of one style, without spaces that nobody sees', async (t) => {
  const screen = await screenOf('\x1b[1;32mOK\x1b[0m   all well   \r\n\r\n\x1b[7mx\x1b[0m 日本');
  t.deepEqual(screen, [
    [
      { column: 0, columns: 2, text: 'OK', style: { colour: 2, bold: true } },
      { column: 5, columns: 8, text: 'all well', style: {} },
    ],
    [],
    [
      { column: 0, columns: 1, text: 'x', style: { colour: 'background', background: 'text' } },
      { column: 2, columns: 4, text: '日本', style: {} },
    ],
  ]);
});

test('a picture has the size of its terminal, and text that can be selected and is no markup', async (t) => {
  const [short, long] = [await screenOf('<a> & "b"'), await screenOf('one\r\ntwo\r\nthree')].map((screen) =>
    drawScreen(screen, SIZE, 'a <title>'),
  );
  t.is(/^<svg [^>]*>/.exec(short ?? '')?.[0], /^<svg [^>]*>/.exec(long ?? '')?.[0]);
  t.regex(short ?? '', />&lt;a&gt; &amp; &quot;b&quot;<\/tspan>/);
  t.regex(short ?? '', /<title>a &lt;title&gt;<\/title>/);
});

test('a film shows each line as long as it stood, and only the last screen where no motion is wanted', async (t) => {
  const frames = [
    { atMs: 0, screen: await screenOf('one') },
    { atMs: 500, screen: await screenOf('one\r\ntwo') },
    { atMs: 750, screen: await screenOf('three') },
  ];
  const film = drawTour(frames, 1_000, SIZE, 'film');
  t.deepEqual(
    film.match(/<g class="[^"]*">.*<\/g>/g)?.map((line) => line.replace(/<[/]?(text|tspan)[^>]*>/g, '')),
    ['<g class="t k0">one</g>', '<g class="t k1 last">three</g>', '<g class="t k2">two</g>'],
  );
  t.true(film.includes('@keyframes k0{0%{visibility:visible}75%{visibility:hidden}}'));
  t.true(film.includes('@keyframes k1{0%{visibility:hidden}75%{visibility:visible}}'));
  t.true(film.includes('@keyframes k2{0%{visibility:hidden}50%{visibility:visible}75%{visibility:hidden}}'));
  t.true(
    film.includes('@media (prefers-reduced-motion:reduce){.t{animation:none}.last{visibility:visible}}'),
  );
});

test('pauses are shortened, and what follows at once replaces what was there', async (t) => {
  const [a, b, c] = [await screenOf('a'), await screenOf('b'), await screenOf('c')];
  const { frames, lengthMs } = shortenPauses([
    { atMs: 5_000, screen: a },
    { atMs: 5_010, screen: b },
    { atMs: 60_000, screen: c },
  ]);
  t.deepEqual(frames, [
    { atMs: 0, screen: b },
    { atMs: 1_500, screen: c },
  ]);
  t.is(lengthMs, 5_500);
});

test('the pictures of the documentation are small, and have nothing of the machine that made them', async (t) => {
  const folder = path.join(projectFolder, 'docs', 'pictures');
  const files = await readdir(folder);
  t.true(files.length > 4);
  for (const file of files) {
    t.true((await stat(path.join(folder, file))).size < 150_000, file);
    t.notRegex(
      await readFile(path.join(folder, file), 'utf8'),
      /\/tmp\/|\/work\/|https?:\/\/(?!www\.w3\.org|127\.)/,
      file,
    );
  }
});
