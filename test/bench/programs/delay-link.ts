/**
 * A TCP link to a loopback port that takes half of a round trip each way, connecting included. Prints its port. Answers any
 * message of its parent with how many bytes it has carried to that port.
 */
import { connect, createServer, type Socket } from 'node:net';

const [targetPort = '0', roundTripMs = '0'] = process.argv.slice(2);
const oneWayMs = Number(roundTripMs) / 2;
/** More than any link of such a delay needs to be kept full. */
const MAX_UNDER_WAY_BYTES = 256 << 20;

let sentBytes = 0;
process.on('message', () => process.send?.(sentBytes));

const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) => {
  // The near end believes itself connected at once; what it sends waits for the round trip that connecting takes.
  setTimeout(() => {
    const far = connect({ port: Number(targetPort), host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    carry(near, far);
    carry(far, near);
    near.on('data', (chunk) => {
      sentBytes += chunk.length;
    });
    near.resume();
  }, Number(roundTripMs));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.stdout.write(`${address.port}\n`);
});

/** Each chunk arrives one way later than it was sent. */
function carry(from: Socket, to: Socket): void {
  let underWay = 0;
  const later = (act: () => void) => setTimeout(act, oneWayMs);
  from.on('data', (chunk) => {
    underWay += chunk.length;
    if (underWay > MAX_UNDER_WAY_BYTES) from.pause();
    later(() => {
      underWay -= chunk.length;
      if (from.isPaused()) from.resume();
      if (!to.destroyed) to.write(chunk);
    });
  });
  from.on('end', () => later(() => to.end()));
  from.on('close', () => later(() => to.destroy()));
  // `close` follows and is carried.
  from.on('error', () => undefined);
}
