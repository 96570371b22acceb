import path from 'node:path';
import { CliError } from '../../errors.js';
import { makePrivateFolder, writePrivateFile } from '../../system/private-files.js';
import { couldOthersWrite, readConfigFile } from '../read-config-file.js';
import { NAME } from './fleet.js';
import { fleetFile, fleetsFolder } from './fleet-paths.js';

/** Not the name of a fleet. */
const CHOICE = '.chosen';

/** Remembers the fleet that is meant where nothing else says which. @throws CliError `usage`, `not-yours` */
export async function chooseFleet(name: string): Promise<void> {
  const folder = path.dirname(fleetFile(name));
  await makePrivateFolder(folder, 'Cannot keep fleets in');
  await writePrivateFile(path.join(folder, CHOICE), `${name}\n`);
}

/** The name of the chosen fleet; undefined if none was. @throws CliError `not-yours` if another user could have chosen */
export async function chosenFleet(): Promise<string | undefined> {
  const folder = fleetsFolder();
  const found = folder === undefined ? undefined : await readConfigFile(path.join(folder, CHOICE));
  if (found === undefined) return undefined;
  if (await couldOthersWrite(found)) {
    const message = `${found.file} decides which fleet is used, but another user could have written it. Delete it, then choose again with "hawser fleet use NAME".`;
    throw new CliError('not-yours', message);
  }
  const name = found.content.toString().trim();
  return NAME.test(name) ? name : undefined;
}
