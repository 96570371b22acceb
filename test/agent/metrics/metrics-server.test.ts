import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { metricsServer } from '../../../agent/metrics/metrics-server.js';

async function serve(
  t: ExecutionContext,
  read: () => Promise<string>,
  connectionMs?: number,
): Promise<number> {
  const server = metricsServer(read, connectionMs);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** What a request is answered. */
async function ask(port: number, path: string, { method = 'GET', host = 'localhost' } = {}) {
  const sent = request({ port, path, method, headers: { host }, agent: false }).end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Connects, says this, and waits until the connection is closed. */
async function untilClosed(port: number, say: string): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.resume().write(say);
  await once(socket, 'close');
}

test('there is one page, for clients on this machine', async (t) => {
  const port = await serve(t, async () => 'hawser_x 1\n');
  const page = await ask(port, '/metrics?collect[]=x');
  t.is(page.status, 200);
  t.is(page.body, 'hawser_x 1\n');
  t.is(page.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const head = await ask(port, '/metrics', { method: 'HEAD' });
  t.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '11']);
  for (const path of ['/', '/metrics/', '/metrics/x', '/state', '//metrics'])
    t.is((await ask(port, path)).status, 404, path);
  const posted = await ask(port, '/metrics', { method: 'POST' });
  t.deepEqual([posted.status, posted.headers['allow']], [405, 'GET, HEAD']);
  t.is((await ask(port, '/metrics', { host: `127.0.0.1:${port}` })).status, 200);
  t.is((await ask(port, '/metrics', { host: '[::1]:9000' })).status, 200);
  const rebound = await ask(port, '/metrics', { host: 'evil.example.org' });
  t.is(rebound.status, 403);
  t.notRegex(rebound.body, /hawser_x/);
});

test('many who ask at once cost one look', async (t) => {
  let looks = 0;
  let finish = (_: string): void => undefined;
  const read = (): Promise<string> => {
    looks += 1;
    return new Promise((resolve) => (finish = resolve));
  };
  const port = await serve(t, read);
  const asked = Array.from({ length: 5 }, () => ask(port, '/metrics'));
  // A page that is not there is answered after those before it have been read.
  await ask(port, '/');
  finish('hawser_x 1\n');
  for (const { body } of await Promise.all(asked)) t.is(body, 'hawser_x 1\n');
  t.is(looks, 1);
});

test('a look that fails is said, and the next one looks again', async (t) => {
  let looks = 0;
  const port = await serve(t, async () => {
    looks += 1;
    if (looks === 1) throw new Error('not now');
    return 'hawser_x 1\n';
  });
  const failed = await ask(port, '/metrics');
  t.deepEqual([failed.status, failed.body], [500, 'not now\n']);
  t.is((await ask(port, '/metrics')).status, 200);
});

test('who says nothing, too much or takes no answer is cut off', async (t) => {
  const port = await serve(t, async () => `${'x'.repeat(30_000_000)}\n`, 300);
  await untilClosed(port, '');
  await untilClosed(port, 'GET /metrics HT');
  await untilClosed(port, `GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  const slow = connect(port, '127.0.0.1').on('error', () => undefined);
  slow.pause().write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(slow, 'connect');
  // Taken up only once the server has let go of it: what was on its way is far from all.
  await untilClosed(port, '');
  slow.resume();
  let takenBytes = 0;
  slow.on('data', (chunk) => (takenBytes += chunk.length));
  await once(slow, 'close');
  t.true(takenBytes < 30_000_000);
});

test('no more connections are taken than are worth it', async (t) => {
  const port = await serve(t, async () => 'hawser_x 1\n', 60_000);
  const idle = Array.from({ length: 16 }, () => connect(port, '127.0.0.1'));
  t.teardown(() => {
    for (const socket of idle) socket.destroy();
  });
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  await t.throwsAsync(ask(port, '/metrics'), { code: 'ECONNRESET' });
});
