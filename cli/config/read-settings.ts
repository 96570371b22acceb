import type { ConnectionFlags } from '../fleet/connection-flags.js';
import { chosenFleet } from '../fleet/file/chosen-fleet.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { readNamedFile } from '../fleet/read-config-file.js';
import { resolveTarget } from '../fleet/resolve-target.js';
import { readYamlText } from '../fleet/yaml-document.js';
import { forwardsFolder } from '../forwards/forward-places.js';
import { withoutSecrets } from '../output/without-secrets.js';
import { ownCacheFolder, ownConfigFolder, ownStateFolder } from '../system/user-folders.js';
import { explainSettings, type Setting } from './explain-settings.js';

/** Everything that a command with these flags would use. @throws as `resolveTarget` */
export async function readSettings(flags: ConnectionFlags, signal: AbortSignal): Promise<Setting[]> {
  const target = await resolveTarget(flags, { signal });
  const sources = {
    flags,
    target,
    placeOf: await placesIn(target, signal),
    environment: process.env,
    chosenBy: await chosenBy(target),
  };
  return [...explainSettings(sources), ...folders()].map(withoutPasswords);
}

/** A password does not belong there and is refused by those who connect, but may be there. */
function withoutPasswords({ value, ...setting }: Setting): Setting {
  if (value === undefined) return { ...setting, value };
  return { ...setting, value: typeof value === 'string' ? withoutSecrets(value) : value.map(withoutSecrets) };
}

/** How a fleet, or a file, was chosen where nobody named it. */
async function chosenBy({ source, fleetName, foundBy = [] }: FleetTarget): Promise<string> {
  if (source === undefined) return 'default';
  if (fleetName === undefined)
    return source.kind === 'folder' ? 'this directory, which you trust' : 'your own';
  if (foundBy.includes('--fleet')) return "the app's hawser.yaml";
  return (await chosenFleet()) === fleetName ? 'hawser fleet use' : 'the only known fleet';
}

async function placesIn(
  { source }: FleetTarget,
  signal: AbortSignal,
): Promise<(path: readonly string[]) => string | undefined> {
  if (source === undefined) return () => undefined;
  const { value, placeOf } = readYamlText(source.file, await readNamedFile(source.file, { signal }));
  return (path) => {
    const line = hasKey(value, path) ? placeOf(path)?.line : undefined;
    return line === undefined ? undefined : `${source.file}:${line}`;
  };
}

function hasKey(value: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  const inner = Object(value) as Readonly<Record<string, unknown>>;
  return Object.hasOwn(inner, first) && hasKey(inner[first], rest);
}

/** Where hawser keeps what. */
function folders(): Setting[] {
  const from = (name: string): string => (process.env[name] ? `$${name}` : 'default');
  return [
    { name: 'configuration directory', value: ownConfigFolder(), from: from('XDG_CONFIG_HOME') },
    { name: 'state directory', value: ownStateFolder(), from: from('XDG_STATE_HOME') },
    { name: 'cache directory', value: ownCacheFolder(), from: from('XDG_CACHE_HOME') },
    { name: 'directory of sockets', value: forwardsFolder(), from: from('XDG_RUNTIME_DIR') },
  ];
}
