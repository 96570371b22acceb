/**
 * Enters many hosts at once and gets an answer from beyond each; says `answered`. Told to, gets one more answer from each over
 * the connections that stand, and says how many milliseconds that took.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Forward, Tunnel, type TunnelOptions } from '../../../tunnel/index.js';

export interface EnterHostsTask {
  readonly tunnels: readonly TunnelOptions[];
  /** Answers with what it is sent. */
  readonly target: { readonly host: string; readonly port: number };
}

const task: EnterHostsTask = JSON.parse(process.argv[2] ?? '{}');
const entered = await Promise.all(
  task.tunnels.map(async (options) => {
    const tunnel = await Tunnel.open(options);
    const forward = await tunnel.forward(task.target);
    await ask(forward);
    return { tunnel, forward };
  }),
);
process.stdout.write('answered\n');
await once(process.stdin, 'data');
process.stdin.destroy();
const start = performance.now();
await Promise.all(entered.map(({ forward }) => ask(forward)));
process.stdout.write(`${performance.now() - start}\n`);
await Promise.all(entered.map(({ tunnel }) => tunnel.close()));

async function ask({ address }: Forward): Promise<void> {
  const socket = connect({ path: address.slice('unix://'.length) });
  socket.write('true');
  await once(socket, 'data');
  socket.destroy();
}
