import type { LocalAgent } from './local-agent.js';
import type { LocalAgents } from './local-agents.js';

/** A host that runs no etcd and reaches the fleet through these. */
export async function startClient(
  agents: LocalAgents,
  name: string,
  seeds: readonly LocalAgent[],
): Promise<LocalAgent> {
  const host = await agents.add(name);
  await agents.registered(...seeds.map((seed) => seed.name));
  startAgain(host, seeds);
  await agents.registered(name);
  return host;
}

/** Starts it, for the first time or again. */
export function startAgain(host: LocalAgent, seeds: readonly LocalAgent[]): void {
  const seedFlags = seeds.flatMap((seed) => ['--seeds', seed.clientUrl]);
  host.run(['--hostname', host.name, '--prefix', host.prefix, '--no-server', ...seedFlags]);
}
