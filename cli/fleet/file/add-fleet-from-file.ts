import path from 'node:path';
import { CliError } from '../../errors.js';
import { makePrivateFolder, writePrivateFile } from '../../system/private-files.js';
import type { ConnectionConfig } from '../connection-schema.js';
import { type ReadLimits, readConfigFile, readNamedFile } from '../read-config-file.js';
import { type Fleet, NAME } from './fleet.js';
import { authorityKeyFile, fleetFile, fleetNames } from './fleet-paths.js';
import { parseFleetFile } from './parse-fleet-file.js';
import { writeFleetText } from './write-fleet.js';

const PRIVATE_KEY =
  /^-----BEGIN (?:EC )?PRIVATE KEY-----\r?\n[A-Za-z0-9+/=\r\n]{1,20000}-----END (?:EC )?PRIVATE KEY-----\s*$/;

/** What became of a fleet file that another machine made. */
export interface AddedFleet {
  readonly fleet: Fleet;
  /** Where the key of its authority is, or belongs. */
  readonly keyFile: string;
  readonly hasKey: boolean;
}

/**
 * Copies a fleet file, and the key of its authority if that lies beside it, to the fleets that the person knows.
 *
 * @throws CliError `usage` for a file with mistakes, a fleet of that name that is known already, and a key that is none;
 * `not-yours` for a directory of another user
 */
export async function addFleet(source: string, limits: ReadLimits): Promise<AddedFleet> {
  const text = (await readNamedFile(source, limits)).toString();
  const { fleet, connection } = parseFleetFile(text, path.resolve(source));
  const { name } = fleet;
  if (!NAME.test(name)) {
    throw new CliError('usage', `${source} does not name its fleet: add "name: NAME" to it.`);
  }
  refuseRelativePaths(connection, source);
  const [file, keyFile] = [fleetFile(name), authorityKeyFile(name)];
  if ((await fleetNames()).includes(name)) {
    throw new CliError(
      'usage',
      `A fleet named ${name} is known here already: ${file}. Remove it first, or rename this one.`,
    );
  }
  const [key, there] = [await readKeyBeside(source, name), await readConfigFile(keyFile)];
  await makePrivateFolder(path.dirname(file), 'Cannot keep fleets in');
  if (key !== undefined && there !== undefined && !key.equals(there.content)) {
    throw new CliError('usage', `${keyFile} is the key of another fleet named ${name}: move it away first.`);
  }
  // The key first, so that whoever sees the fleet sees its key.
  if (key !== undefined && there === undefined) await writePrivateFile(keyFile, key, { isNew: true });
  await writeFleetText(file, text, { isNew: true });
  return { fleet: { ...fleet, file }, keyFile, hasKey: key !== undefined || there !== undefined };
}

/** A path that starts at the directory of the file would lead to another place from ours. */
function refuseRelativePaths(
  { sshIds, sshKnownHosts, tls = {}, passwordFile }: ConnectionConfig,
  source: string,
): void {
  const files = [sshIds, sshKnownHosts, Object.values(tls), passwordFile].flat();
  const relative = files.find(
    (file) => file !== undefined && !file.startsWith('~/') && !path.isAbsolute(file),
  );
  if (relative === undefined) return;
  const message = `Cannot add ${source}: the file ${relative} that it names lies in its directory. Give that path from the root or from ~/.`;
  throw new CliError('usage', message);
}

async function readKeyBeside(source: string, name: string): Promise<Buffer | undefined> {
  const file = path.join(path.dirname(path.resolve(source)), `${name}.key`);
  const content = (await readConfigFile(file))?.content;
  if (content !== undefined && !PRIVATE_KEY.test(content.toString())) {
    throw new CliError('usage', `${file} is not a private key in PEM, without a passphrase.`);
  }
  return content;
}
