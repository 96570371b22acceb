import type { Log } from '../../../base/log.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import type { HostShell } from '../host/host-shell.js';
import { openFleetWorld } from '../world/open-fleet-world.js';

/**
 * Makes sure that every host of the fleet is among those that get the new authority: one that the fleet file does not name would be
 * shut out, and its vote with it. A fleet that does not answer cannot be asked.
 *
 * @throws CliError `refused` naming the others
 */
export async function requireAllKnown(
  shell: Pick<HostShell, 'tunnel' | 'way'>,
  { fleet, names }: { readonly fleet: Fleet; readonly names: readonly string[] },
  options: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  await using world = await openFleetWorld(shell, fleet, options);
  let agents: ReadonlyMap<string, unknown>;
  try {
    agents = await world.getAgents({ signal: options.signal });
  } catch (error) {
    if (!(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    return;
  }
  const others = [...agents.keys()].filter((name) => !names.includes(name)).sort();
  if (others.length > 0) throw othersAreThere(others, fleet);
}

function othersAreThere(others: readonly string[], { name, file }: Fleet): CliError {
  const message = `The authority was not changed: agents of ${others.join(', ')} belong to the fleet ${name} too, but ${file} does not name them, and they would be shut out. Add each with "hawser up DESTINATION", or take them out with "hawser down", first.`;
  return new CliError('refused', message);
}
