/** Says how a host answers us and another host while it is cut off, and while it is parted; must run in isolation. */
import { runCommand } from '../../../fixtures/fleet/run-command.js';
import { bridgedNetwork, type Network } from '../fleet/network.js';

const CONNECT = `
  const socket = require('node:net').connect(9, process.argv[1]);
  socket.on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 1));
  setTimeout(() => process.exit(1), 1_000);
`;

/** How the second host takes a connection to a port where nobody listens: from us, and from the first host. */
async function answers(when: string, network: Network): Promise<string> {
  const node = [process.execPath, '--eval', CONNECT, network.address(1)] as const;
  const [program = '', ...args] = [...network.enter(0), ...node];
  const asked = await Promise.all([runCommand(node), runCommand([program, ...args])]);
  const [us, other] = asked.map(({ code }) => (code === 0 ? 'refused' : 'silent'));
  return `${when}: ${us} to us, ${other} to another`;
}

await using network = await bridgedNetwork(2);
const said = [await answers('at first', network)];
await network.cut(1);
said.push(await answers('cut', network));
await network.heal(1);
await network.part(1);
said.push(await answers('parted', network));
await network.heal(1);
said.push(await answers('healed', network));
process.stdout.write(said.join('; '));
