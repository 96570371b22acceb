import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { temporaryFolder } from '../../helpers/hawser.js';
import { programInTerminal } from '../../helpers/terminal.js';

const program = fileURLToPath(new URL('./send-to-two-hosts.js', import.meta.url));

test('On a terminal each host has a line that is rewritten, and gone for a question and in the end', async (t) => {
  const command = [process.execPath, program] as const;
  const terminal = programInTerminal(t, command, { cwd: await temporaryFolder(t) });
  await terminal.shows(/50 % of 4.0 MB\ndb1: .* of 1.0 MB$/);
  t.is(
    terminal.screen(),
    'cache1: has joined\nweb1: sending hawser 1.2.3 and Node 1.2.3: 50 % of 4.0 MB\ndb1: sending hawser 1.2.3: 90 % of 1.0 MB',
  );
  terminal.type('k');
  await terminal.shows(/Go ahead/);
  t.is(terminal.screen(), 'cache1: has joined\nGo ahead?');
  terminal.type('y');
  await terminal.shows(/serves\nweb1: .*\ndb1: .* of 1.0 MB$/);
  t.is(
    terminal.screen(),
    'cache1: has joined\nGo ahead?\ncache1: serves\nweb1: sending hawser 1.2.3 and Node 1.2.3: 75 % of 4.0 MB\ndb1: sending hawser 1.2.3: 90 % of 1.0 MB',
  );
  terminal.type('k');
  t.is(await terminal.exited, 0);
  t.is(terminal.screen(), 'cache1: has joined\nGo ahead?\ncache1: serves\nweb1: sent');
});

test('A program that reads the output gets none of it, on a terminal either', async (t) => {
  const command = [process.execPath, program, '--json'] as const;
  const terminal = programInTerminal(t, command, { cwd: await temporaryFolder(t) });
  t.is(await terminal.exited, 0);
  t.is(terminal.written(), '');
  t.is(await log(['--json']), '');
});

async function log(flags: readonly string[] = []): Promise<string> {
  const child = spawn(process.execPath, [program, ...flags]);
  child.stdin.end('\n');
  return text(child.stderr);
}

test('A log gets one line for each host when it begins', async (t) => {
  t.is(
    await log(),
    'web1: sending hawser 1.2.3 and Node 1.2.3 (4.0 MB) …\ndb1: sending hawser 1.2.3 (1.0 MB) …\ncache1: has joined\nweb1: sent\n',
  );
});
