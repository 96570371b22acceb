import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { processesIn } from './left-behind.js';

test('a process that works in the directory of a run is found until it has ended', async (t) => {
  const folder = join(tmpdir(), randomUUID());
  const child = spawn('tail', ['--follow=name', '--retry', `${folder}/etcd.log`], { stdio: 'ignore' });
  await once(child, 'spawn');
  const [found = '', ...others] = processesIn(folder);
  t.true(found.startsWith(`${child.pid} tail`));
  t.deepEqual(others, []);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  t.deepEqual(processesIn(folder), []);
});
