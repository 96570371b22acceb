/** Says how a host answers before it is cut off, while it is, and afterwards; must run in isolation. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { bridgedNetwork } from '../network.js';

/** How the host takes a connection to a port where nobody listens. */
async function answer(address: string): Promise<string> {
  const socket = connect(9, address);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(300) });
    return 'connected';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'silent';
  } finally {
    socket.destroy();
  }
}

await using network = await bridgedNetwork(2);
const answers = [await answer(network.address(1))];
await network.cut(1);
answers.push(await answer(network.address(1)), await answer(network.address(0)));
await network.heal(1);
answers.push(await answer(network.address(1)));
process.stdout.write(answers.join(' '));
