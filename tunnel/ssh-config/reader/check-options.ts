import { configFileError } from '../config-errors.js';
import { lastHop } from '../parse-proxy-jump.js';
import type { PortOf } from '../values/read-services.js';

/**
 * Rejects what OpenSSH would reject once all options are known.
 * @throws TunnelError `bad-destination`
 */
export function checkOptions(
  options: ReadonlyMap<string, readonly string[]>,
  setup: { readonly portOf: PortOf },
): void {
  checkTogether(options);
  checkHop(options, setup);
}

/** Rejects combinations of options. */
function checkTogether(options: ReadonlyMap<string, readonly string[]>): void {
  const value = (keyword: string) => options.get(keyword)?.[0];
  if (value('connectionattempts') === '0') throw configFileError('ssh_config', 'ConnectionAttempts is 0');
  if (value('proxycommand') === '-' && value('proxyusefdpass') === 'yes')
    throw configFileError('ssh_config', 'ProxyCommand - and ProxyUseFdpass cannot be combined');
  const hasCommand = options.has('remotecommand') || value('sessiontype') === 'none';
  if (value('forkafterauthentication') === 'yes' && !hasCommand)
    throw configFileError('ssh_config', 'ForkAfterAuthentication needs a command');
}

/** Rejects a host that would be reached through itself. */
function checkHop(
  options: ReadonlyMap<string, readonly string[]>,
  { portOf }: { readonly portOf: PortOf },
): void {
  const jump = options.get('proxyjump')?.[0];
  if (jump === undefined) return;
  const { destination } = lastHop(jump, { portOf });
  const [host, port, user] = ['hostname', 'port', 'user'].map((keyword) => options.get(keyword)?.[0]);
  const isItself =
    destination.host === host &&
    (destination.port ?? 22) === Number(port) &&
    (destination.user ?? user) === user;
  if (isItself) throw configFileError('ssh_config', `${host} would be reached through itself`);
}
