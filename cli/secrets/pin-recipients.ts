import { readFleet } from '../fleet/file/read-fleet.js';
import { writeFleet } from '../fleet/file/write-fleet.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { logTo, type OutputOptions } from '../output/print.js';

/**
 * Notes in the fleet file what hosts said themselves, so that they need not be asked again. That it cannot be written, as in
 * CI, is no failure.
 */
export async function pinRecipients(
  { file, fleetHosts }: FleetTarget,
  recipients: ReadonlyMap<string, string>,
  saidByHost: ReadonlyMap<string, string | undefined>,
  output: OutputOptions,
): Promise<void> {
  const isNew = (name: string) => saidByHost.has(name) && recipients.has(name);
  if (file === undefined || fleetHosts === undefined || ![...recipients.keys()].some(isNew)) return;
  try {
    const fleet = await readFleet(file);
    const hosts = fleet.hosts.map((host) => {
      const ageRecipient = isNew(host.name) ? recipients.get(host.name) : undefined;
      return ageRecipient === undefined ? host : { ...host, ageRecipient };
    });
    await writeFleet({ ...fleet, hosts });
  } catch (error) {
    logTo(output)('info', `the keys of the hosts are not noted in ${file}: ${String(error)}`);
  }
}
