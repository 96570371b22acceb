/**
 * Carries IP packets between two tun devices, each of which a `socat` holds at the other end of a UDP socket of ours,
 * and lets each take half of a round trip. Arguments: two ports of ours, the two ports of the socats, the round trip in
 * milliseconds. Prints a line when it is ready.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { delayQueue } from '../../../fixtures/fleet/faults/delay-queue.js';

const [ours = [], theirs = []] = [process.argv.slice(2, 4).map(Number), process.argv.slice(4, 6).map(Number)];
const oneWayMs = Number(process.argv[6]) / 2;
/** What arrives while the other side is served must not be lost: this link drops nothing. */
const BUFFER_BYTES = 4 << 20;

const sockets: Socket[] = [];
for (const port of ours) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  sockets.push(socket);
}

for (const [index, socket] of sockets.entries()) {
  const later = delayQueue<Buffer>(oneWayMs, (packet) => {
    sockets[1 - index]?.send(packet, theirs[1 - index], '127.0.0.1');
  });
  socket.on('message', later);
}
process.stdout.write('ready\n');
