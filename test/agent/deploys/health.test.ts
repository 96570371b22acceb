import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { HealthWatch } from '../../../agent/deploys/health/health-watch.js';
import { type HealthOptions, waitUntilHealthy } from '../../../agent/deploys/health/run-health-check.js';
import { isMarked, listProcesses } from '../../../agent/processes/process-table.js';
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

test.serial('a check has to pass as often in a row as it asks for', async (t) => {
  const script = 'echo x >>$COUNT; [ $(wc -l <$COUNT) -ne 2 ]';
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'hawser-health-')), 'count');
  t.teardown(() => rm(path.dirname(file), { recursive: true }));
  const argv = ['env', `COUNT=${file}`, 'sh', '-c', script] as const;
  const check = { kind: 'exec', argv, timeoutMs: 60_000, intervalMs: 1, successes: 3 } as const;
  t.is(await waitUntilHealthy(check, here), undefined);
  t.is((await readFile(file, 'utf8')).length / 2, 5);
});

test.serial(
  'a program of a check that hangs is ended with what it started, and its time is said',
  async (t) => {
    const argv = ['sh', '-c', 'sleep 1000 & wait'] as const;
    const check = { kind: 'exec', argv, timeoutMs: 1, intervalMs: 1, tryMs: 100 } as const;
    t.is(await waitUntilHealthy(check, here), 'sh did not end within 0.1 s');
    t.false(listProcesses().some(({ pid }) => isMarked(pid, 'MARK=check\0')));
  },
);

test.serial('health goes on being checked, and one bad moment is no illness', async (t) => {
  const ending = new AbortController();
  t.teardown(() => ending.abort());
  const findings = ['', 'late', '', 'ill', 'ill', 'ill', '', ''];
  const run: HealthOptions['run'] = async () => {
    const outputTail = findings.shift();
    if (outputTail === undefined) await new Promise(() => undefined);
    const exit = { code: outputTail === '' ? 0 : 1, signal: null };
    return { exit, timedOut: false, outputTail: outputTail ?? '', left: [] };
  };
  const check = { kind: 'exec', argv: ['check'], timeoutMs: 1, intervalMs: 1, successes: 2 } as const;
  const seen: string[] = [];
  const healthy = new Promise<void>((resolve) => {
    const onChange = () => {
      const { health } = watch;
      seen.push(health.state === 'failing' ? health.finding : health.state);
      if (seen.length === 2) resolve();
    };
    const options = { isHealthy: true, onChange, intervalMs: 1 };
    const watch = new HealthWatch({ process: undefined, check }, { run, signal: ending.signal }, options);
    void watch.run();
  });
  await healthy;
  t.deepEqual(seen, ['check exited (exit code 1): ill', 'passing']);
});
