import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Fleet } from '../../fixtures/index.js';
import { fleetFile, fleetNames } from '../fleet/file/fleet-paths.js';
import { formatFleetFile } from '../fleet/file/format-fleet-file.js';
import { writeFleetText } from '../fleet/file/write-fleet.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { changeYaml } from '../fleet/yaml-document.js';

const NAME = 'demo';

/** Makes a demo that is kept one of the person's fleets. @returns its name: `demo`, or `demo-2` and so on beside others */
export async function rememberDemo(fleet: Fleet, { seeds }: Pick<FleetTarget, 'seeds'>): Promise<string> {
  const known = new Set(await fleetNames());
  let name = NAME;
  for (let number = 2; known.has(name); number += 1) name = `${NAME}-${number}`;
  const file = fleetFile(name);
  const hosts = fleet.hosts.map(({ name, destination, hostKey, address }) => ({
    ...{ name, ssh: destination, hostKeys: [hostKey], address, labels: {} },
  }));
  const ways = changeYaml('', [
    { path: ['seeds'], value: [...seeds] },
    { path: ['ssh-id'], value: [fleet.identityFile] },
  ]);
  await writeFleetText(file, formatFleetFile({ name, file, hosts, knownHosts: [] }, ways), { isNew: true });
  return name;
}

/** Removes the fleet file of a demo that was taken down. @param folder its directory, which only its file names */
export async function forgetDemo(folder: string): Promise<void> {
  const files = (await fleetNames()).filter((name) => name.startsWith(NAME)).map(fleetFile);
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.includes(`${folder}${path.sep}`)) await rm(file, { force: true });
  }
}
