/** Keeps in a file what V8 compiles while a program runs a few commands: `compile-ahead.js PROGRAM FILE`. */
import { writeFileSync } from 'node:fs';
import { compileProgram, runProgramFile } from './load-program.js';

const [node = '', , program = '', file = ''] = process.argv;
const script = compileProgram(program);

/** What most commands need; nothing answers there. */
const NOWHERE = ['--timeout', '100ms', '--json'];
const commands = [
  ['--help'],
  ['status', '--ssh-url', 'root@127.0.0.1:1', ...NOWHERE],
  ['str', 'get', 'key', '--seeds', 'http://127.0.0.1:1', ...NOWHERE],
];

// The program leaves the process to end on its own, so each is over when nothing is left to do.
process.on('beforeExit', () => {
  const command = commands.shift();
  if (command === undefined) {
    writeFileSync(file, script.createCachedData());
    process.exit(0);
  }
  process.argv = [node, 'hawser', ...command];
  runProgramFile(script, program);
});
