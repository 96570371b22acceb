import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import test from 'ava';
import { reset } from './reset.js';

test.serial('a connection is closed by a reset, also while it is being shut down', async (t) => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined).resume();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  for (const shuts of [false, true]) {
    const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    if (shuts) socket.end();
    // The shutdown is under way from the next tick on, until the event loop turns.
    process.nextTick(reset, socket);
    await once(socket, 'close');
    t.true(socket.destroyed);
  }
});
