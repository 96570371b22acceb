/** Uses a tunnel in a process of its own and then does nothing more: whatever is left open keeps it alive. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Tunnel, TunnelError, type TunnelOptions } from '../../../../tunnel/index.js';

type Ending = 'close' | 'close-while-down' | 'exit' | 'abort' | 'stay';

interface Task {
  readonly ending: Ending;
  readonly options: TunnelOptions;
  readonly target: { readonly host: string; readonly port: number };
}

const task: Task = JSON.parse(process.argv[2] ?? '{}');

if (task.ending === 'abort') await abortWhileOpening();
else await useTunnel();

async function abortWhileOpening(): Promise<void> {
  const controller = new AbortController();
  const reason = new Error('enough');
  const opening = Tunnel.open(task.options, { signal: controller.signal });
  // The test says when: it sees how far we have come.
  process.stdin.once('data', () => controller.abort(reason));
  try {
    await opening;
  } catch (error) {
    if (error !== reason) throw error;
    process.stdout.write('aborted\n');
  } finally {
    process.stdin.destroy();
  }
}

async function useTunnel(): Promise<void> {
  const exitListeners = process.listenerCount('exit');
  const tunnel = await Tunnel.open(task.options);
  const forward = await tunnel.forward(task.target);
  const path = forward.address.slice('unix://'.length);
  const socket = connect({ path });
  socket.on('error', () => {});
  socket.write('hello');
  await once(socket, 'data');
  process.stdout.write(`${path}\n`);
  if (task.ending === 'exit') process.exit(0);
  if (task.ending === 'stay') return;
  if (task.ending === 'close-while-down') {
    for await (const { status } of tunnel.states()) if (status === 'waiting') break;
  }
  await tunnel.close();
  const error = await tunnel.forward(task.target).catch((failure: unknown) => failure);
  if (!(error instanceof TunnelError && error.code === 'closed')) throw new Error('it was not closed');
  if (process.listenerCount('exit') !== exitListeners) throw new Error('an exit listener was left');
}
