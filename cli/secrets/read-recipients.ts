import { Questions } from '../../tunnel/question-queue.js';
import { Tunnel } from '../../tunnel/tunnel.js';
import { AGE_RECIPIENT } from '../../world/secrets/recipients.js';
import type { HostToReach } from '../agent-access/reached-hosts.js';
import { EtcdWay } from '../bridge/etcd-access.js';
import { CliError } from '../errors.js';
import type { RootAccess } from '../setup/host/host-shell.js';
import { openHostShell } from '../setup/host/open-host-shell.js';
import { runScript } from '../setup/host/run-script.js';
import { SudoPasswords } from '../setup/host/sudo-passwords.js';

/**
 * Says what secrets for this host are encrypted to: `recipient RECIPIENT`, `none` without a key, or `denied` to a user who may
 * not look. The key itself stays there. Argument: the agent's prefix.
 */
const READ_RECIPIENT = `
file=$1/secrets/identity
if [ -r "$file" ]; then
  sed -n 's/^# public key: /recipient /p' "$file" | head -n 1
elif [ "$(id -u)" = 0 ]; then echo none
else echo denied
fi
`;

/** How to ask hosts for their recipients. */
export interface AskHosts {
  /** Of the agents, on the hosts. */
  readonly prefix: string;
  readonly sudoPasswordFile: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks hosts what secrets for them are encrypted to, over SSH connections whose host keys were verified.
 *
 * @returns by what the hosts are called; undefined for one that has no key
 * @throws TunnelError as `Tunnel.open`; CliError `no-sudo` where root is needed and cannot be reached, `failed` for a host that
 * does not answer as it should
 */
export async function readRecipients(
  hosts: readonly HostToReach[],
  asking: AskHosts,
): Promise<Map<string, string | undefined>> {
  const ask = hosts.find(({ tunnel }) => tunnel.ask !== undefined)?.tunnel.ask;
  const questions = typeof ask === 'function' ? new Questions(ask) : ask;
  const passwords = new SudoPasswords(questions, asking.sudoPasswordFile);
  const read = await Promise.all(
    hosts.map(async (host) => [host.host, await readOne(host, asking, questions, passwords)] as const),
  );
  return new Map(read);
}

async function readOne(
  { host, tunnel: options }: HostToReach,
  asking: AskHosts,
  questions: Questions | undefined,
  passwords: SudoPasswords,
): Promise<string | undefined> {
  const { signal } = asking;
  const tunnel = await Tunnel.open({ ...options, ask: questions }, { signal });
  try {
    const said = await readAs({ prefix: [] }, host, tunnel, asking);
    if (said !== 'denied') return recipientIn(said, host);
    const way = new EtcdWay({ name: host }, { user: '', passwords });
    const { asRoot } = await openHostShell(host, { tunnel, way }, { passwords, signal });
    return recipientIn(await readAs(asRoot, host, tunnel, asking), host);
  } finally {
    await tunnel.close();
  }
}

async function readAs(
  access: RootAccess,
  name: string,
  tunnel: Tunnel,
  { prefix, timeoutMs, signal }: AskHosts,
): Promise<string> {
  const options = { args: [prefix], timeoutMs, signal };
  return (await runScript({ name, tunnel }, READ_RECIPIENT, access, options)).stdout.trim();
}

function recipientIn(said: string, host: string): string | undefined {
  if (said === 'none') return undefined;
  const recipient = said.replace(/^recipient /, '');
  if (AGE_RECIPIENT.test(recipient)) return recipient;
  throw new CliError('failed', `${host} does not say what secrets for it are to be encrypted to.`);
}
