import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { RunOptions, RunResult } from '../../../../cli/setup/host/host-shell.js';
import { firstThatServes } from '../../../../cli/setup/world/first-that-serves.js';
import { freePort } from '../../../../fixtures/fleet/free-port.js';

const { signal } = new AbortController();

/** A host that answers so the first time, the second, and so on; the last answer counts from then on. */
function host(...codes: readonly (number | 'lost')[]) {
  let looks = 0;
  const run = async (): Promise<RunResult> => {
    const code = codes[Math.min(looks, codes.length - 1)] ?? 1;
    looks += 1;
    if (code === 'lost') throw new Error('the connection was lost');
    return { code, stdout: '', stderr: '' };
  };
  return { run, looks: () => looks };
}

test('The first host that serves is waited for, whatever becomes of the others', async (t) => {
  const [never, lost, later] = [host(1), host('lost'), host(1, 0)];
  t.is(await firstThatServes([never, lost, later], { timeoutMs: 60_000, signal }), later);
  t.is(later.looks(), 2);
});

test('Where none serves in time there is none, and an abort ends the wait', async (t) => {
  const never = host(1);
  t.is(await firstThatServes([never], { timeoutMs: 0, signal }), undefined);
  t.is(await firstThatServes([], { timeoutMs: 0, signal }), undefined);
  const reason = new Error('enough');
  const aborted = AbortSignal.abort(reason);
  t.is(await t.throwsAsync(firstThatServes([never], { timeoutMs: 60_000, signal: aborted })), reason);
});

test('A host serves when something listens on the port and the socket is there, one of them is not enough', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-serves-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const socket = path.join(folder, 'etcd.sock');
  const port = await freePort();
  const here = {
    run: (script: string, { args = [] }: RunOptions = {}) =>
      new Promise<RunResult>((resolve) => {
        t.is(args.length, 2);
        execFile('sh', ['-c', script, 'sh', String(port), socket], (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
      }),
  };
  const look = () => firstThatServes([here], { timeoutMs: 0, signal });
  const [onPort, onSocket] = [createServer(), createServer()];
  t.teardown(() => void onPort.close());
  t.is(await look(), undefined);
  onSocket.listen(socket);
  await once(onSocket, 'listening');
  t.is(await look(), undefined, 'only the socket, as after a server was killed');
  onPort.listen(port, '127.0.0.1');
  await once(onPort, 'listening');
  t.is(await look(), here);
  onSocket.close();
  await once(onSocket, 'close');
  t.is(await look(), undefined, 'only the port, as of somebody else’s etcd');
});
