import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { Forward, Tunnel, TunnelState } from '../../../tunnel/index.js';

export function enter({ address }: Forward): Socket {
  return connect({ path: address.slice('unix://'.length), allowHalfOpen: true });
}

/** The next state for which `wanted` holds, the current one included. */
export async function stateOf(tunnel: Tunnel, wanted: (state: TunnelState) => boolean): Promise<TunnelState> {
  for await (const state of tunnel.states()) if (wanted(state)) return state;
  throw new Error('the tunnel was closed');
}

export async function echoed(t: ExecutionContext, socket: Socket): Promise<void> {
  socket.write('ping');
  const [answer] = await once(socket, 'data');
  t.is(String(answer), 'ping');
}
