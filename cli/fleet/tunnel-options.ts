import type { Log } from '../../base/log.js';
import { type Ask, Questions } from '../../tunnel/question-queue.js';
import type { ResolvedDestination } from '../../tunnel/ssh-config/resolved-destination.js';
import type { ResolvedTunnelOptions } from '../../tunnel/tunnel-options.js';
import { usesBridge } from './file/fleet.js';
import type { FleetTarget } from './merge-target.js';

/**
 * The options of the tunnel to a fleet, resolved as OpenSSH resolves destinations.
 * @param asking asks SSH's questions, where this process cannot
 * @throws TunnelError `bad-destination`
 */
export async function tunnelOptions(
  target: FleetTarget,
  log: Log,
  signal?: AbortSignal,
  asking?: Ask,
): Promise<ResolvedTunnelOptions> {
  const [{ pinRoute, resolveFleetHost }, { resolveDestination }, { askFor }] = await Promise.all([
    import('./file/resolve-fleet-host.js'),
    import('../../tunnel/ssh-config/resolve-destination.js'),
    import('../prompts/ask-ssh-questions.js'),
  ]);
  const options = {
    flags: {
      hostKey: target.sshHostkey,
      identityFiles: target.sshIds,
      knownHostsFiles: target.sshKnownHosts,
      connectTimeoutMs: target.connectTimeoutMs,
    },
    environment: process.env,
    configFile: target.sshConfig,
    inProcess: target.readsSshConfig,
    log,
    signal,
  };
  const { folderKnownHosts = [], fleetHosts, jumpKeys = [] } = target;
  const destinations = await Promise.all(
    fleetHosts?.map((host) => resolveFleetHost(host, jumpKeys, options)) ??
      target.sshUrls.map(async (url) => pinRoute(await resolveDestination(url, options), jumpKeys)),
  );
  const ask = asking ?? askFor(target, log);
  const questions = ask && new Questions(ask);
  const reached = await withBridges(destinations, target, questions);
  return {
    destinations: reached.map((destination) => withKnownHosts(destination, folderKnownHosts)),
    connectTimeoutMs: target.timeoutMs,
    transport: target.transport,
    ask: questions,
    log,
  };
}

const WITHOUT_TERMINAL =
  'run this in a terminal, or let that user run the bridge without a password, as "Hosts without the group" in docs/reference/fleet.md says';

/** How etcd is reached on hosts whose sshd does not lead to its socket, or not as this user. */
async function withBridges(
  destinations: readonly ResolvedDestination[],
  { fleetHosts: hosts, sudoPasswords }: FleetTarget,
  questions: Questions | undefined,
): Promise<readonly ResolvedDestination[]> {
  if (hosts === undefined || !hosts.some(usesBridge)) return destinations;
  const [{ reachByBridge }, { SudoPasswords }] = await Promise.all([
    import('../bridge/reach-by-bridge.js'),
    import('../setup/host/sudo-passwords.js'),
  ]);
  const passwords = sudoPasswords ?? new SudoPasswords(questions, undefined, WITHOUT_TERMINAL);
  return destinations.map((destination, index) => {
    const host = hosts[index];
    if (host === undefined || !usesBridge(host)) return destination;
    const bridged = {
      host: host.name,
      user: destination.user,
      sudo: host.sudo === true && destination.user !== 'root',
    };
    return { ...destination, reach: reachByBridge(bridged, passwords) };
  });
}

/**
 * Adds known_hosts files after the person's own: a key that the person accepts is written to the first file, so never to
 * one of these, and what the person's files revoke stays revoked.
 */
function withKnownHosts(destination: ResolvedDestination, files: readonly string[]): ResolvedDestination {
  if (files.length === 0) return destination;
  return {
    ...destination,
    knownHostsFiles: [...destination.knownHostsFiles, ...files],
    jumps: destination.jumps.map((jump) => withKnownHosts(jump, files)),
  };
}
