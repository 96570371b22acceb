import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Etcd } from '../helpers/etcd.js';

const program = fileURLToPath(new URL('../helpers/programs/leave-open.js', import.meta.url));

function run(endpoint: string, mode: string): ChildProcess {
  return spawn(process.execPath, [program, endpoint, mode], { stdio: ['pipe', 'pipe', 'inherit'] });
}

test.serial(
  'after close() nothing keeps the process alive, though watches and sessions were open',
  async (t) => {
    await using etcd = await Etcd.start();
    const child = run(etcd.url, 'live');
    t.deepEqual(await once(child, 'exit'), [0, null]);
  },
);

test.serial('after close() nothing keeps the process alive, though etcd no longer answers', async (t) => {
  await using etcd = await Etcd.start();
  const child = run(etcd.url, 'frozen');
  const [line] = await once(child.stdout ?? child, 'data');
  t.is(String(line), 'ready\n');
  etcd.freeze();
  child.stdin?.write('frozen\n');
  t.deepEqual(await once(child, 'exit'), [0, null]);
});
