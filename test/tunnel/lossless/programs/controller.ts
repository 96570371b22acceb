/** A controller in a process of its own: keeps its fleet under load until told to finish, and must then end by itself. */
import type { TunnelState } from '../../../../tunnel/index.js';
import { SshWorld } from '../../../../world/index.js';
import { Load } from '../load.js';
import { NAMESPACE, type Order, type Reach, type Word } from '../protocol.js';

let world: SshWorld | undefined;
let load: Load | undefined;

function say(word: Word): void {
  process.send?.(word);
}

function reported({ status, reason, via }: TunnelState): Word {
  return { kind: 'state', state: { status, code: reason?.code, port: via?.port } };
}

async function followStates({ tunnel }: SshWorld): Promise<void> {
  for await (const state of tunnel.states()) say(reported(state));
}

async function start({ tunnel, seeds }: Reach): Promise<void> {
  world = await SshWorld.open(
    { ssh: tunnel, seeds, hostname: 'controller', namespace: NAMESPACE },
    { lazy: true },
  );
  void followStates(world);
  load = await Load.start(world.client, (message) => say({ kind: 'refused', message }));
  say({ kind: 'running' });
}

async function finish(throughRevision: string | undefined): Promise<void> {
  const report = await load?.finish(throughRevision === undefined ? undefined : BigInt(throughRevision));
  await world?.close();
  if (report === undefined) throw new Error('there is no load to finish');
  process.send?.({ kind: 'report', report } satisfies Word, () => process.disconnect());
}

process.on('message', (order: Order) => {
  if (order.kind === 'start') void start(order.reach);
  else if (order.kind === 'finish') void finish(order.throughRevision);
  else void load?.recovery().then((recovery) => say({ kind: 'back', recovery }));
});
