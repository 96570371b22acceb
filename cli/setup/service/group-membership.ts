import type { HostShell } from '../host/host-shell.js';
import { runOnHost } from './run-on-host.js';
import { GROUP, PATHS } from './service-paths.js';

const ADD = `
set -e
user=$1 group=$2
id -nG -- "$user" | tr ' ' '\\n' | grep -Fqx -- "$group" && { echo there; exit; }
getent group "$group" >/dev/null || groupadd --system "$group"
usermod -a -G "$group" -- "$user"
echo added
`;

/**
 * Puts a user into the group that may use the fleet. It counts for logins that begin after it.
 * @returns whether the user was not in it before
 */
export async function addToGroup(shell: HostShell, user: string, signal: AbortSignal): Promise<boolean> {
  const what = `put ${user} into the group ${GROUP}`;
  const said = await runOnHost(shell, what, ADD, { args: [user, GROUP], signal });
  return said.trim() === 'added';
}

const IS_MEMBER = `
id -nG | tr ' ' '\\n' | grep -Fqx -- "$1" || exit 1
[ ! -e "$2" ] || [ -w "$2" ]`;

/** Whether this login may use the fleet. A host that runs no etcd has no socket, but may get one at any time. */
export async function mayEnter(login: HostShell, signal: AbortSignal): Promise<boolean> {
  const { code } = await login.run(IS_MEMBER, { args: [GROUP, PATHS.socket], as: 'user', signal });
  return code === 0;
}
