import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { BRIDGED_SOCKET, GREETING } from '../../../cli/bridge/bridge-command.js';
import { copyToSocket } from '../../../cli/bridge/copy-to-socket.js';
import { CliError } from '../../../cli/errors.js';
import { readAll } from '../../tunnel/helpers/target.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';

async function listen(folder: string, onConnection: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  const file = path.join(folder, 's');
  server.listen(file);
  await once(server, 'listening');
  return { file, [Symbol.dispose]: () => void server.close() };
}

test('the bridge greets, and passes on both ends of the stream', async (t) => {
  const folder = await temporaryFolder(t);
  using server = await listen(folder, (socket) => {
    void readAll(socket).then((said) => socket.end(`got ${said}`));
  });
  const [input, output] = [new PassThrough(), new PassThrough()];
  const copied = copyToSocket(server.file, { input, output });
  input.end('a request');
  await copied;
  output.end();
  t.is(await text(output), `${GREETING}\ngot a request`);
});

test('a socket that hangs up ends the bridge, though its input goes on', async (t) => {
  const folder = await temporaryFolder(t);
  using server = await listen(folder, (socket) => void socket.once('data', () => socket.destroy()));
  const [input, output] = [new PassThrough(), new PassThrough()];
  const copied = copyToSocket(server.file, { input, output });
  input.write('a request');
  await copied;
  t.true(input.destroyed);
});

test('a socket at which nobody answers is named with the reason', async (t) => {
  const folder = await temporaryFolder(t);
  const [input, output] = [new PassThrough(), new PassThrough()];
  await t.throwsAsync(copyToSocket(path.join(folder, 'none'), { input, output }), {
    instanceOf: CliError,
    code: 'unreachable',
    message: /There is no socket .*none: no etcd runs on this host\./,
  });
  t.is(output.read(), null);
});

test('the command leads to the socket of etcd and nowhere else', async (t) => {
  const folder = await temporaryFolder(t);
  using server = await listen(folder, (socket) => void socket.end('a secret'));
  for (const elsewhere of [server.file, '/run/docker.sock', `${BRIDGED_SOCKET}/../x`, 'etcd.sock']) {
    const { code, stdout, stderr } = await hawser(['bridge', elsewhere]);
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, /^(hawser: )?A bridge leads to \/run\/hawser\/etcd\.sock and nowhere else\.\n$/);
  }
});
