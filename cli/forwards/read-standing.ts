import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Log } from '../../base/log.js';
import { packageVersion } from '../../base/package-version.js';
import { readHostKeyTrust } from '../../tunnel/host-key/read-host-key-trust.js';
import type { Ask } from '../../tunnel/question-queue.js';
import { listConfigFiles } from '../../tunnel/ssh-config/reader/list-config-files.js';
import type { ResolvedDestination } from '../../tunnel/ssh-config/resolved-destination.js';
import type { ResolvedTunnelOptions } from '../../tunnel/tunnel-options.js';
import type { ConnectionFlags } from '../fleet/connection-flags.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { resolveTarget } from '../fleet/resolve-target.js';
import { tunnelOptions } from '../fleet/tunnel-options.js';
import { trustFolder } from '../trust/trusted-folders.js';
import { forwardKey } from './forward-key.js';
import type { Standing } from './server/trust-watch.js';

/** The command line that a forward was started with. */
export interface ForwardRequest {
  /** With absolute paths. */
  readonly flags: ConnectionFlags;
  /** Where it was started. */
  readonly startFolder: string;
}

/** How a forward goes to the fleet now. */
export interface Route {
  readonly target: FleetTarget;
  readonly options: ResolvedTunnelOptions;
  /** Of what the target is. */
  readonly key: string;
}

/** Finds out how the command line of a forward leads to the fleet now. @throws as `resolveTarget` and `tunnelOptions` */
export async function readRoute(
  { flags, startFolder }: ForwardRequest,
  log: Log,
  asking?: Ask,
): Promise<Route> {
  const target = await resolveTarget(flags, { startFolder });
  const options = await tunnelOptions(target, log, undefined, asking);
  return { target, options, key: forwardKey(target, packageVersion()) };
}

/** What the trust in a route rests on: where it leads and as whom, and what the person's files say of its host keys. */
export async function readStanding({ target, options, key }: Route, signal: AbortSignal): Promise<Standing> {
  const [, program = ''] = process.argv;
  const hosts = options.destinations.flatMap((one) => [one, ...one.jumps]);
  const known = await Promise.all(hosts.map((host) => hostKeysOf(host, signal)));
  const files = [
    target.source?.file,
    trustFolder(),
    program,
    ...(await listConfigFiles({ configFile: target.sshConfig })),
    ...hosts.flatMap(filesOf),
  ];
  return {
    // An upgrade replaces the program.
    text: JSON.stringify([key, options.destinations, await hashOf(program)]),
    accepted: known.flatMap(({ accepted }) => accepted),
    revoked: known.flatMap(({ revoked }) => revoked),
    files: [...new Set(files)].filter((file) => file !== undefined).sort(),
  };
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

/** Keys of a host by what the person's files say of them, each with the host. */
async function hostKeysOf(
  host: ResolvedDestination,
  signal: AbortSignal,
): Promise<Pick<Standing, 'accepted' | 'revoked'>> {
  const { known } = await readHostKeyTrust(host, { signal });
  const textOf = ({ marker = '', key }: { readonly marker?: string | undefined; readonly key: Buffer }) =>
    `${known.name} ${marker} ${key.toString('base64')}`;
  const { keys, keysWithoutPort, authorities, revoked } = known;
  return {
    accepted: [...keys, ...keysWithoutPort, ...authorities].map(textOf),
    revoked: revoked.map(textOf),
  };
}

function filesOf(host: ResolvedDestination): string[] {
  return [
    ...host.knownHostsFiles,
    ...host.identityFiles,
    ...host.defaultIdentityFiles,
    ...host.certificateFiles,
  ];
}
