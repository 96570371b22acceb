import { TunnelError } from '../../../tunnel/errors.js';
import type { Tunnel } from '../../../tunnel/tunnel.js';
import type { EtcdWay } from '../../bridge/etcd-access.js';
import { CliError } from '../../errors.js';
import type { HostShell, RootAccess, RunOptions, RunResult, SudoMode } from './host-shell.js';
import { runScript, sudoAccess } from './run-script.js';
import type { SudoPasswords } from './sudo-passwords.js';

/** How often a script is run when the connection is lost in the middle of it. */
const MOST_RUNS = 3;

/** Says who we are, and how sudo stands: `user mode`. sudo may want a password for some programs only, and we run `sh`. */
const WHO = `
command -v sudo >/dev/null 2>&1 || mode=none
[ "$(id -u)" = 0 ] && mode=root
[ -n "$mode" ] || { sudo -n sh -c : 2>/dev/null && mode=free || mode=password; }
printf '%s %s\\n' "$(id -un)" "$mode"
`;

/** sudo sees the password as root would type it. */
const VERIFY = 'true';

/** What a shell on a host needs besides a connection. */
export interface ShellOptions {
  readonly passwords: SudoPasswords;
  readonly signal: AbortSignal;
}

/**
 * Finds out how to be root on a host that we are logged in to. The shell owns the tunnel from here on, and closes it.
 *
 * @throws CliError `no-sudo` where root cannot be reached
 */
export async function openHostShell(
  name: string,
  { tunnel, way }: Pick<HostShell, 'tunnel' | 'way'>,
  { passwords, signal }: ShellOptions,
): Promise<HostShell> {
  try {
    const root = await findRoot(name, tunnel, { passwords, signal });
    return new TunnelShell({ name, ...root, tunnel, way });
  } catch (error) {
    await tunnel.close();
    throw error;
  }
}

/** How to be root on a host, and as whom one is logged in. */
interface FoundRoot {
  readonly user: string;
  readonly sudo: SudoMode;
  readonly password: string | undefined;
}

/** Finds out how to be root on a host. The tunnel stays open. @throws CliError `no-sudo` where root cannot be reached */
export async function findRoot(
  name: string,
  tunnel: Tunnel,
  { passwords, signal }: ShellOptions,
): Promise<FoundRoot> {
  const { stdout } = await runScript({ name, tunnel }, WHO, { prefix: [] }, { signal });
  const [, user = '', mode = ''] = /^(\S{1,256}) (root|free|password|none)\n/.exec(stdout) ?? [];
  if (user === '') throw cannotSay(name);
  if (mode === 'none') throw hasNoSudo(name, user);
  const verify = async (password: string): Promise<boolean> => {
    const { code } = await runScript({ name, tunnel }, VERIFY, sudoAccess(password), { signal });
    return code === 0;
  };
  const password =
    mode === 'password' ? await passwords.passwordFor({ host: name, user, verify }, signal) : undefined;
  return { user, sudo: mode as SudoMode, password };
}

interface ShellParts extends Pick<HostShell, 'name' | 'user' | 'sudo' | 'tunnel' | 'way'> {
  readonly password: string | undefined;
}

class TunnelShell implements HostShell {
  readonly name: string;
  readonly user: string;
  readonly sudo: SudoMode;
  readonly tunnel: Tunnel;
  readonly way: EtcdWay;
  readonly #password: string | undefined;

  constructor({ name, user, sudo, tunnel, way, password }: ShellParts) {
    this.name = name;
    this.user = user;
    this.sudo = sudo;
    this.tunnel = tunnel;
    this.way = way;
    this.#password = password;
  }

  get asRoot(): RootAccess {
    return this.sudo === 'root' ? { prefix: [] } : sudoAccess(this.#password);
  }

  async run(script: string, { as = 'root', ...options }: RunOptions = {}): Promise<RunResult> {
    const access = as === 'user' ? { prefix: [] } : this.asRoot;
    const { input } = options;
    const isRepeatable = input === undefined || input instanceof Uint8Array;
    return isRepeatable ? this.#repeat(script, access, options) : runScript(this, script, access, options);
  }

  async #repeat(script: string, access: RootAccess, options: RunOptions): Promise<RunResult> {
    for (let run = 1; ; run += 1) {
      try {
        return await runScript(this, script, access, options);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (run === MOST_RUNS || !isLost(error)) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tunnel.close();
  }
}

function isLost(error: unknown): boolean {
  return error instanceof TunnelError && error.code === 'outcome-unknown';
}

function cannotSay(name: string): CliError {
  const message = `${name} does not run commands as a Linux host with sh does. Check the login shell there, and that the SSH key is not restricted to a command.`;
  return new CliError('failed', message);
}

function hasNoSudo(name: string, user: string): CliError {
  const message = `${user} is not root on ${name}, and there is no sudo: log in as root, or install sudo there and let ${user} use it.`;
  return new CliError('no-sudo', message);
}
