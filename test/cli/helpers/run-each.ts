/** Runs each command line of a JSON file, one after the other in this process, and says on a line of its own where each begins. */
import { readFile } from 'node:fs/promises';
import { runProgram } from '../../../cli/program.js';

const [node = '', , file = ''] = process.argv;
const calls: string[][] = JSON.parse(await readFile(file, 'utf8'));
for (const [index, args] of calls.entries()) {
  process.stdout.write(`\n@${index}\n`);
  process.argv = [node, 'hawser', ...args];
  await runProgram(process.argv, '0.0.0');
}
