import { fingerprintOf, parsePublicKey } from '../../base/key-formats/parse-public-key.js';
import type { ConnectionFlags } from '../fleet/connection-flags.js';
import { PASSWORD_VARIABLE } from '../fleet/etcd-user.js';
import { destinationOf } from '../fleet/file/fleet.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { formatDuration } from '../output/format-quantities.js';

/** One value that a command would use, and where it comes from. */
export interface Setting {
  readonly name: string;
  /** Undefined where there is none. */
  readonly value: string | readonly string[] | undefined;
  /** `--flag`, `$VARIABLE`, `file:line`, or `default`. */
  readonly from: string;
}

/** What the settings of a command line are explained by. */
export interface SettingSources {
  readonly flags: ConnectionFlags;
  readonly target: FleetTarget;
  /** `file:line` of a key in the file that the target comes from; undefined if it is not there. */
  readonly placeOf: (path: readonly string[]) => string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How the fleet was chosen where no flag and no variable names it. */
  readonly chosenBy: string;
}

const DEFAULT = 'default';

/** Everything that decides how a command reaches its fleet. Secrets are only said to be there. */
export function explainSettings(sources: SettingSources): Setting[] {
  return [fleetSetting(sources), ...sshSettings(sources), ...etcdSettings(sources), timeoutSetting(sources)];
}

function fleetSetting({ flags, target, environment, chosenBy }: SettingSources): Setting {
  const { fleetName, source } = target;
  if (flags.config !== undefined) return { name: 'config', value: source?.file, from: '--config' };
  if (fleetName === undefined)
    return { name: 'config', value: source?.file, from: source ? chosenBy : DEFAULT };
  const byShell = environment['HAWSER_FLEET'] ? '$HAWSER_FLEET' : chosenBy;
  return { name: 'fleet', value: fleetName, from: flags.fleet === undefined ? byShell : '--fleet' };
}

function sshSettings(sources: SettingSources): Setting[] {
  const { flags, target } = sources;
  const find = finder(sources);
  const { fleetHosts } = target;
  const destinations =
    fleetHosts === undefined
      ? [find('ssh-url', { flag: flags.sshUrl && '--ssh-url', value: target.sshUrls })]
      : hostSettings(sources);
  const knownHosts = [...target.sshKnownHosts, ...(target.folderKnownHosts ?? [])];
  return [
    ...destinations,
    find('ssh-hostkey', { flag: flags.sshHostkey && '--ssh-hostkey', value: target.sshHostkey }),
    find('ssh-id', { flag: flags.sshId && '--ssh-id', value: target.sshIds }),
    find('ssh-known-hosts', { flag: flags.sshKnownHosts && '--ssh-known-hosts', value: knownHosts }),
    find('ssh-config', { flag: flags.sshConfig && '--ssh-config', value: target.sshConfig }),
    find('transport', { flag: flags.transport && '--transport', value: target.transport ?? 'auto' }),
  ];
}

/** Each host of a fleet file, with the keys that it must have. */
function hostSettings({ target, placeOf }: SettingSources): Setting[] {
  const { fleetHosts = [], source } = target;
  const file = source?.file ?? DEFAULT;
  return fleetHosts.flatMap((host): Setting[] => [
    {
      name: `hosts.${host.name}`,
      value: destinationOf(host),
      from: placeOf(['hosts', host.name, 'ssh']) ?? file,
    },
    {
      name: `hosts.${host.name}.host-key`,
      value: host.hostKeys.map(shortKey),
      from: placeOf(['hosts', host.name, 'host-key']) ?? DEFAULT,
    },
  ]);
}

function shortKey(text: string): string {
  const key = parsePublicKey(Buffer.from(text.split(' ')[1] ?? '', 'base64'));
  return key === undefined ? text : fingerprintOf(key.key);
}

function etcdSettings(sources: SettingSources): Setting[] {
  const { flags, target, environment } = sources;
  const find = finder(sources);
  const { tls, user, fleetId } = target;
  const password =
    environment[PASSWORD_VARIABLE] === undefined
      ? []
      : [{ name: 'password', value: 'set, not shown', from: `$${PASSWORD_VARIABLE}` }];
  return [
    find('seeds', { flag: flags.seeds && '--seeds', value: target.seeds }),
    find('tls.cacert', { flag: flags.cacert && '--cacert', value: tls?.caFile }),
    find('tls.cert', { flag: flags.cert && '--cert', value: tls?.certFile }),
    find('tls.key', { flag: flags.key && '--key', value: tls?.keyFile }),
    find('etcd-user', { flag: flags.user && '--user', value: user?.name }),
    find('password-file', { flag: flags.passwordFile && '--password-file', value: user?.passwordFile }),
    ...password,
    find('namespace', { flag: flags.namespace && '--namespace', value: target.namespace }),
    find('hostname', { flag: flags.hostname && '--hostname', value: target.hostname }),
    find('fleet-id', {
      flag: flags.fleetId && '--fleet-id',
      value: fleetId && (fleetId.generation === 1 ? fleetId.uuid : `${fleetId.uuid}/${fleetId.generation}`),
    }),
  ];
}

function timeoutSetting({ flags, target }: SettingSources): Setting {
  const value = formatDuration(target.timeoutMs);
  return { name: 'timeout', value, from: flags.timeout === undefined ? DEFAULT : '--timeout' };
}

/** Says of a value whether a flag gave it, else where it stands in the file, else that it is the default. */
function finder({ placeOf }: Pick<SettingSources, 'placeOf'>) {
  return (
    name: string,
    { flag, value }: { readonly flag: string | undefined; readonly value: Setting['value'] },
  ): Setting => ({ name, value, from: flag ?? placeOf(name.split('.')) ?? DEFAULT });
}
