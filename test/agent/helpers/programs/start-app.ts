import { Child } from '../../../../agent/processes/child-process.js';

// Stands for an agent: starts a program in a directory, says that it did, and waits to be killed.
const [cwd, ...argv] = process.argv.slice(2);
const [program, ...args] = argv;
if (cwd === undefined || program === undefined) throw new TypeError('usage: start-app.js FOLDER PROGRAM ...');
await Child.start({
  argv: [program, ...args],
  cwd,
  environment: process.env,
  logFile: `${cwd}/log`,
  mark: 'HAWSER_MARK=test/1',
});
process.stdout.write('started\n');
setInterval(() => undefined, 1_000_000);
