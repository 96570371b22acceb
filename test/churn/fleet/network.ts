import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { findProgram, mustRun } from '../../../fixtures/fleet/run-command.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';

/** Where hosts run, each with an address of its own; hosts count from 0. */
export interface Network extends AsyncDisposable {
  /** Whether a host can be cut off from the others. */
  readonly canCut: boolean;
  address(host: number): string;
  /** What to put before a program so that it runs there. */
  enter(host: number): readonly string[];
  /** Cuts a host off from everybody. */
  cut(host: number): Promise<void>;
  /** Cuts a host off from the other hosts, while we still reach it; from everybody where that cannot be had. */
  part(host: number): Promise<void>;
  heal(host: number): Promise<void>;
}

/** Hosts that share our own network, each with a loopback address: nothing is needed for it, and none can be cut off. */
export function loopbackNetwork(): Network {
  const [second, third] = [1 + (process.pid % 250), 1 + (Math.floor(process.pid / 250) % 250)];
  const refuse = () => Promise.reject(new Error('a host on the loopback device cannot be cut off'));
  return {
    canCut: false,
    address: (host) => `127.${second}.${third}.${host + 1}`,
    enter: () => [],
    cut: refuse,
    part: refuse,
    heal: refuse,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Of the range that RFC 2544 keeps for tests. */
const NET = '198.18.0';

/** Hosts with a network namespace each, which hang on a bridge in ours: ours must be private and ours to change. */
export async function bridgedNetwork(hosts: number): Promise<Network> {
  const holders: ChildProcess[] = [];
  const parted = new Set<number>();
  let canPart = false;
  const close = async () => void (await Promise.all(holders.map(end)));
  try {
    await ip(['link', 'add', 'name', 'hosts', 'type', 'bridge']);
    await ip(['address', 'add', `${NET}.254/24`, 'dev', 'hosts']);
    await ip(['link', 'set', 'hosts', 'up']);
    await ip(['link', 'set', 'lo', 'up']);
    canPart = await parts();
    for (let host = 0; host < hosts; host += 1) holders.push(await addHost(host));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    canCut: true,
    address: (host) => `${NET}.${host + 1}`,
    enter: (host) => inside(holders[host]?.pid),
    // As when the cable is pulled: nothing is refused, everything is lost.
    cut: (host) => ip(['link', 'set', device(host), 'down']),
    async part(host) {
      if (!canPart) return ip(['link', 'set', device(host), 'down']);
      await nft(`add element ${PARTED} { "${device(host)}" }`);
      parted.add(host);
    },
    async heal(host) {
      await ip(['link', 'set', device(host), 'up']);
      if (parted.delete(host)) await nft(`delete element ${PARTED} { "${device(host)}" }`);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** The set of those whose traffic the bridge does not pass on. */
const PARTED = 'bridge churn parted';

const PARTING = [
  'add table bridge churn',
  'add chain bridge churn passing { type filter hook forward priority 0; }',
  `add set ${PARTED} { type ifname; }`,
  'add rule bridge churn passing iifname @parted drop',
  'add rule bridge churn passing oifname @parted drop',
].join('\n');

/** Prepares the bridge for parting hosts. @returns whether this machine can do it */
async function parts(): Promise<boolean> {
  return nft(PARTING).then(
    () => true,
    () => false, // no nft, or a kernel without it
  );
}

async function nft(commands: string): Promise<void> {
  await mustRun('nft', [await nftProgram(), '--file', '-'], { input: commands });
}

/** The system's: npm puts a program of that name, which a package of ava's brings, before it in the PATH. */
async function nftProgram(): Promise<string> {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return (await findProgram('nft', folders.join(':'))) ?? '/usr/sbin/nft';
}

function device(host: number): string {
  return `host${host}`;
}

/** @returns the process that the host's namespace lives as long as. */
async function addHost(host: number): Promise<ChildProcess> {
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  await once(holder, 'spawn');
  const own = await readlink('/proc/self/ns/net');
  const net = `/proc/${holder.pid}/ns/net`;
  await waitUntil(`host ${host} has a network namespace`, async () => (await readlink(net)) !== own);
  const there = (args: readonly string[]) => ip(args, inside(holder.pid));
  const [outer, pid] = [device(host), String(holder.pid)];
  await ip(['link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid]);
  await ip(['link', 'set', outer, 'master', 'hosts', 'up']);
  await there(['address', 'add', `${NET}.${host + 1}/24`, 'dev', 'eth0']);
  await there(['link', 'set', 'eth0', 'up']);
  await there(['link', 'set', 'lo', 'up']);
  return holder;
}

function inside(pid: number | undefined): string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

async function ip(args: readonly string[], before: readonly string[] = []): Promise<void> {
  const [program = 'ip', ...rest] = [...before, 'ip', ...args];
  await mustRun(`ip ${args.join(' ')}`, [program, ...rest]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
