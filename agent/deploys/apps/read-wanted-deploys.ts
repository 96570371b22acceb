import type { ClientWorld } from '../../../world/index-without-ssh.js';
import { entryOf } from '../releases/release-entry.js';
import type { WantedDeploy } from './wanted-deploy.js';

/** What each app is to be on a host: its newest deploy that includes the host. Entries of other programs never matter. */
export async function readWantedDeploys(
  world: ClientWorld,
  hostname: string,
  signal: AbortSignal,
): Promise<Map<string, WantedDeploy>> {
  const wanted = new Map<string, WantedDeploy>();
  for (const [id, payload] of await world.getDeploys({ signal })) {
    const entry = entryOf(id, payload);
    if (entry === undefined) continue;
    const { name, hosts, manifest } = entry.deployment;
    // A host that joins later runs what was deployed to all.
    const isForAll = manifest.hosts === undefined && manifest.schedule === undefined;
    const rollout = { isAdmitted: true, isConfirmed: false, isGoingBack: false };
    if (isForAll || hosts.includes(hostname)) wanted.set(name, { entry, rollout });
  }
  return wanted;
}
