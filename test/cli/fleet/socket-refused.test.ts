import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import { temporaryFolder } from '../helpers/hawser.js';

test('whoever may not use the socket of etcd is told who may', async (t) => {
  const folder = await temporaryFolder(t);
  const socket = path.join(folder, 'client.sock');
  const server = createServer().listen(socket);
  t.teardown(() => server.close());
  await once(server, 'listening');
  await chmod(folder, 0o755);
  await chmod(socket, 0o600);
  const powerless = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, programFile];
  const args = [...powerless, 'str', 'get', 'a', '--timeout', '2s', '--seeds', `unix://${socket}`];
  const options = { cwd: '/', env: { PATH: process.env['PATH'], HOME: '/nonexistent' } };
  const [code, stderr] = await new Promise<[unknown, string]>((resolve) => {
    execFile('setpriv', args, options, (error, _, said) => resolve([error?.code, said]));
  });
  t.is(code, 3, stderr);
  t.regex(stderr, /EACCES.* Only root and the user that the agent runs as may use that socket\./);
});
