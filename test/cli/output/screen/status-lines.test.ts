import xterm from '@xterm/headless';
import test from 'ava';
import { StatusLines } from '../../../../cli/output/screen/status-lines.js';

const size = { columns: 20, rows: 12 };

function scene() {
  const terminal = new xterm.Terminal({ cols: size.columns, rows: 12, allowProposedApi: true });
  const status = new StatusLines({ isColoured: false });
  const screen = async (written: string): Promise<string> => {
    await new Promise<void>((resolve) => terminal.write(written.replaceAll('\n', '\r\n'), resolve));
    const { active } = terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) =>
      active.getLine(row)?.translateToString(true),
    );
    return lines.join('\n').trimEnd();
  };
  return { status, screen };
}

test('Each line is rewritten where it is, below what is written meanwhile', async (t) => {
  const { status, screen } = scene();
  t.is(await screen(status.above('before\n', size)), 'before');
  t.is(await screen(status.set('a', 'a: 1 %', size)), 'before\na: 1 %');
  t.is(await screen(status.set('b', 'b: 100 %', size)), 'before\na: 1 %\nb: 100 %');
  t.is(await screen(status.set('b', 'b: 2 %', size)), 'before\na: 1 %\nb: 2 %');
  t.is(status.set('b', 'b: 2 %', size), '');
  t.is(await screen(status.above('said\nmore\n', size)), 'before\nsaid\nmore\na: 1 %\nb: 2 %');
  t.is(await screen(status.set('a', undefined, size)), 'before\nsaid\nmore\nb: 2 %');
  t.is(await screen(status.set('b', undefined, size)), 'before\nsaid\nmore');
  t.is(await screen(status.above('after\n', size)), 'before\nsaid\nmore\nafter');
});

test('A question has the screen to itself', async (t) => {
  const { status, screen } = scene();
  await screen(status.set('a', 'a: 1 %', size));
  t.is(await screen(status.hide(true, size)), '');
  t.is(await screen(status.set('a', 'a: 2 %', size)), '');
  t.is(await screen('Go ahead? y\n'), 'Go ahead? y');
  t.is(await screen(status.hide(false, size)), 'Go ahead? y\na: 2 %');
});

test('A long line does not wrap, and many hosts leave room for the rest', async (t) => {
  const { status, screen } = scene();
  t.is(await screen(status.set('a', 'x'.repeat(50), size)), `${'x'.repeat(18)}…`);
  let shown = '';
  for (let host = 0; host < 50; host += 1) shown = await screen(status.set(`${host}`, `h${host}`, size));
  t.deepEqual(shown.split('\n').slice(1), ['h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'and 44 more']);
  for (let host = 0; host < 50; host += 1) shown = await screen(status.set(`${host}`, undefined, size));
  t.is(shown, `${'x'.repeat(18)}…`);
});

test('a view is below the lines of progress, and stays where it was left', async (t) => {
  const { status, screen } = scene();
  await screen(status.set('a', 'a: 1 %', size));
  t.is(await screen(status.show([[{ text: 'web1' }], [{ text: 'web2' }]], size)), 'a: 1 %\nweb1\nweb2');
  t.is(await screen(status.above('said\n', size)), 'said\na: 1 %\nweb1\nweb2');
  t.is(await screen(status.set('a', undefined, size)), 'said\nweb1\nweb2');
  status.leaveView();
  t.is(await screen(status.above('after\n', size)), 'said\nweb1\nweb2\nafter');
  t.is(await screen(status.show([], size)), 'said\nweb1\nweb2\nafter');
});

test('a view with a screen of its own gives the other one back, with what was said meanwhile', async (t) => {
  const { status, screen } = scene();
  await screen(status.above('before\n', size));
  await screen(status.set('a', 'a: 1 %', size));
  await screen(status.enterFullScreen(size));
  t.is(await screen(status.show([[{ text: 'web1' }]], size)), 'web1');
  t.is(status.above('said\n', size), '');
  t.is(await screen(status.show([[{ text: 'web2' }]], size)), 'web2');
  t.is(await screen(status.leaveFullScreen(size)), 'before\nsaid\na: 1 %');
});
