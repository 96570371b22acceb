import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { Interrupts } from '../../cli/interrupts.js';
import { hawserInTerminal } from './helpers/terminal.js';

test('a time limit ends a command as an interruption does, and is no signal', async (t) => {
  using interrupts = new Interrupts();
  const reason = new Error('it took too long');
  const ended = once(interrupts.signal, 'abort');
  // Else nothing would keep this process.
  const alive = setInterval(() => undefined, 1_000);
  interrupts.limit(1, reason);
  await ended;
  clearInterval(alive);
  t.is(interrupts.reason, reason);
  t.is(interrupts.signalName, undefined);
});

test('a command that talks to no fleet ends at its time limit, also while it asks', async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), 'hawser-limit-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));
  const options = { cwd: home, env: { HOME: home } };
  const terminal = hawserInTerminal(t, ['init', '--timeout', '1s'], options);
  await terminal.shows(/hawser: hawser init did not end within 1s\./);
  t.is(await terminal.exited, 1, terminal.screen());
});
