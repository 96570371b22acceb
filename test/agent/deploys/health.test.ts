import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { type HealthOptions, waitUntilHealthy } from '../../../agent/deploys/health/run-health-check.js';
import { runProgram } from '../../../agent/processes/run-program.js';

const here: HealthOptions = {
  run: (argv, timeoutMs, signal) =>
    runProgram({ argv, timeoutMs, signal, cwd: process.cwd(), environment: process.env, mark: 'MARK=check' }),
  signal: new AbortController().signal,
};

test.serial('an HTTP check passes once the app answers with success', async (t) => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.statusCode = requests < 3 ? 503 : 200;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/health`;
  t.is(await waitUntilHealthy({ kind: 'http', url, timeoutMs: 30_000, intervalMs: 1 }, here), undefined);
  t.is(requests, 3);
});

test.serial('a check that never passes says what the last try found', async (t) => {
  // One that is quick on a busy machine too: an attempt has its own time.
  const argv: [string, ...string[]] = ['false'];
  t.regex(
    (await waitUntilHealthy({ kind: 'exec', argv, timeoutMs: 1, intervalMs: 1 }, here)) ?? '',
    /^false exited \(exit code 1\)$/,
  );
  const finding = await waitUntilHealthy(
    { kind: 'tcp', host: '127.0.0.1', port: 1, timeoutMs: 1, intervalMs: 1 },
    here,
  );
  t.regex(finding ?? '', /ECONNREFUSED/);
});

test.serial('an abort ends the wait with its reason', async (t) => {
  const reason = new Error('enough');
  const check = { kind: 'tcp', host: '127.0.0.1', port: 1, timeoutMs: 60_000, intervalMs: 60_000 } as const;
  const controller = new AbortController();
  const waiting = waitUntilHealthy(check, { ...here, signal: controller.signal });
  controller.abort(reason);
  t.is(await t.throwsAsync(waiting), reason);
});
