import { readdir, readFile } from 'node:fs/promises';
import { type AddressedTunnelOptions, Tunnel } from '../../../tunnel/index.js';
import { SshForward } from './ssh-forward.js';
import type { Stand } from './stand.js';

/** One way for a client to reach etcd. */
export interface Way extends AsyncDisposable {
  readonly name: string;
  /** What a client dials. */
  readonly url: string;
  /** A process beside ours that works for it. */
  readonly pid: number | undefined;
}

/** The name of our forward to a loopback TCP address. */
export const OVER_TCP = 'ours over TCP';

/** Where SSH is reached, when not at the stand's own port: a link that delays. */
export interface SshAt {
  readonly port: number;
}

export function direct({ etcd, address }: Stand, port = etcd.port): Way {
  return {
    name: 'direct',
    url: `http://${address}:${port}`,
    pid: undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** OpenSSH's forward to a unix socket; with `session` at its best, for then sshd sends small packets at once. */
export async function sshForward(
  stand: Stand,
  { session = true, at }: { readonly session?: boolean; readonly at?: SshAt } = {},
): Promise<Way> {
  const forward = await SshForward.start(stand.sshd, {
    session,
    targetPort: stand.etcd.port,
    port: at?.port ?? stand.sshd.port,
  });
  return {
    name: session ? 'ssh -L' : 'ssh -N -L',
    url: forward.url,
    pid: forward.pid,
    [Symbol.asyncDispose]: () => forward[Symbol.asyncDispose](),
  };
}

/** Our tunnel, in this process; `overTcp` enters it by a loopback TCP address instead of a unix socket. */
export async function ours(
  stand: Stand,
  {
    at,
    overTcp = false,
    ...options
  }: Partial<AddressedTunnelOptions> & { readonly at?: SshAt; readonly overTcp?: boolean } = {},
): Promise<Way> {
  const before = await sshProcesses();
  const tunnel = await Tunnel.open({ ...tunnelOptions(stand, at), ...options });
  const listen = overTcp ? { host: '127.0.0.1', port: 0 } : undefined;
  const { address } = await tunnel.forward({ host: '127.0.0.1', port: stand.etcd.port }, { listen });
  const isOpenSsh = options.transport === 'openssh';
  const pid = isOpenSsh ? (await sshProcesses()).find((each) => !before.includes(each)) : undefined;
  return {
    name: overTcp ? OVER_TCP : isOpenSsh ? 'ours over openssh' : 'ours',
    url: overTcp ? `http://${address}` : address,
    pid,
    [Symbol.asyncDispose]: () => tunnel.close(),
  };
}

export function tunnelOptions({ sshd }: Stand, at: SshAt = sshd): AddressedTunnelOptions {
  return {
    ...sshd.options,
    destinations: [{ ...sshd.destination, port: at.port }],
    // The key is the same by whichever port it is reached.
    knownHostsFiles: [sshd.anyPortKnownHostsFile],
    connectTimeoutMs: 30_000,
  };
}

/** The pids of everything that is called `ssh`. */
async function sshProcesses(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => names[index] === 'ssh\n');
}
