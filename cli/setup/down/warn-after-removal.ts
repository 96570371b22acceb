import type { ClientWorld } from '../../../world/client-world.js';
import { listSecrets } from '../../../world/secrets/stored-secrets.js';
import { printNote } from '../../output/print.js';
import { lookForOtherVersions } from '../../versions/warn-of-other-versions.js';
import type { DownRequest } from './down-request.js';

/** Warns of what a person should know of the fleet after hosts have left. */
export async function warnAfterRemoval(
  world: ClientWorld,
  left: readonly string[],
  request: DownRequest,
): Promise<void> {
  await lookForOtherVersions(world, request.log, request.signal);
  await sayKnownSecrets(world, left, request);
}

/** Taking a key away does not take away what was read with it. */
async function sayKnownSecrets(
  world: ClientWorld,
  left: readonly string[],
  { signal, ...output }: DownRequest,
): Promise<void> {
  const all = await listSecrets(world.client, undefined, undefined, { signal });
  const known = all.filter(({ secret }) => left.some((host) => Object.hasOwn(secret.hosts, host)));
  if (known.length === 0) return;
  const names = known.map(({ app, name }) => `${name} of ${app}`).join(', ');
  const advice = 'where that matters, change it where it comes from, and run "hawser secret set" again';
  printNote(output, `${left.join(', ')} could read ${names}: ${advice}.`);
}
