// Stands for an agent that is killed: follows an app, and kills itself just before a change of the disk.
// Arguments: the folder of an AppHost, the deploy, the number of the change (0: none), a hook that kills it instead.
// Prints "done" if it gets to the end.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { AppHost } from '../app-host.js';
import { KILL_ONCE, versionOf } from '../versions.js';

const [folder = '', id = '', number = '', hook = ''] = process.argv.slice(2);
const host = await AppHost.in(folder);
const app = await host.app('app');
let left = Number(number);
const changes = [
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'mkdir',
  'open',
  'chmod',
  'lchown',
  'writeFile',
  'cp',
] as const;
for (const name of changes) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  const counted = (...args: unknown[]): unknown => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    return real(...args);
  };
  Object.assign(fs, { [name]: counted });
}
syncBuiltinESMExports();
const { state } = await app.deploy(versionOf(Number(id), hook === '' ? {} : { [hook]: KILL_ONCE }));
console.log(`done: ${state}`);
process.exit(0);
