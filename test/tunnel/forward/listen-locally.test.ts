import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import test from 'ava';
import { listenLocally } from '../../../tunnel/forward/listen-locally.js';

/** Where Node tells of each connection that a server takes. */
const ACCEPTED = 'net.server.socket';

test.serial('what comes back over a local TCP address goes out at once, however small it is', async (t) => {
  const accepted: Socket[] = [];
  const note = (message: unknown) => {
    const isSocket = typeof message === 'object' && message !== null && 'socket' in message;
    if (isSocket && message.socket instanceof Socket) accepted.push(message.socket);
  };
  subscribe(ACCEPTED, note);
  const listener = await listenLocally({ listen: { host: '127.0.0.1', port: 0 }, host: 'test' });
  try {
    listener.accept((socket) => socket.resume().end());
    const [host = '', port] = listener.address.split(':');
    await once(connect(Number(port), host).resume(), 'close');
    t.deepEqual(accepted.map(delaysNothing), [true]);
  } finally {
    unsubscribe(ACCEPTED, note);
    await listener.close();
  }
});

/** Whether Nagle's algorithm is off. No interface tells; Node keeps it so as not to ask the system twice. */
function delaysNothing(socket: Socket): unknown {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kSetNoDelay');
  return key !== undefined && Reflect.get(socket, key);
}
