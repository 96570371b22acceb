import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { Target } from '../../tunnel/helpers/target.js';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { median } from '../statistics.js';
import { measureRate, OPERATIONS, warmClients } from './calls.js';
import { HeldTunnel } from './held-tunnel.js';
import { SshForward } from './ssh-forward.js';
import type { Stand } from './stand.js';
import { tunnelOptions, type Way } from './way.js';

const CHANNELS = [1, 100, 1000];
/** Fewer than a listener lets wait. */
const AT_ONCE = 100;
/** Of `/proc/PID/stat`, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What calls cost the machine that makes them, and what open channels hold. */
export async function* measureCost(
  stand: Stand,
  ways: readonly Way[],
  effort: Effort,
): AsyncGenerator<Topic> {
  yield await measureCpu(ways, effort);
  yield await measureMemory(stand);
}

async function measureCpu(ways: readonly Way[], { rounds, durationMs }: Effort): Promise<Topic> {
  const clients = await warmClients(ways);
  const used = new Map<Way, number[]>();
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const [way, client] of clients) {
        const [before, otherBefore] = [process.cpuUsage(), await cpuSeconds(way.pid)];
        const start = performance.now();
        const { perSecond } = await measureRate(client, OPERATIONS.get, 64, 2 * durationMs);
        const calls = (perSecond * (performance.now() - start)) / 1000;
        const { user, system } = process.cpuUsage(before);
        const seconds = (user + system) / 1e6 + (await cpuSeconds(way.pid)) - otherBefore;
        used.set(way, [...(used.get(way) ?? []), (seconds * 10_000) / calls]);
      }
    }
  } finally {
    await Promise.all([...clients.values()].map((client) => client.close()));
  }
  return {
    title: 'CPU seconds for 10,000 gets, 64 in flight: client and tunnel together',
    columns: ['seconds'],
    rows: ways.map((way) => ({ name: way.name, values: [median(used.get(way) ?? [])] })),
    checks: [],
  };
}

async function cpuSeconds(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name before it may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function measureMemory(stand: Stand): Promise<Topic> {
  await using target = await Target.start();
  await using mine = await HeldTunnel.start({ options: tunnelOptions(stand), target: target.address });
  await using ssh = await SshForward.start(stand.sshd, {
    session: true,
    targetPort: target.port,
    port: stand.sshd.port,
  });
  const rows = [];
  for (const { name, url, pid } of [
    { name: 'ours (with Node)', url: mine.url, pid: mine.pid },
    { name: 'ssh -L', url: ssh.url, pid: ssh.pid },
  ]) {
    rows.push({ name, values: await memoryByChannels(url, pid) });
  }
  return {
    title: 'Resident memory of the tunnel by open channels, MB',
    columns: CHANNELS.map(String),
    rows,
    checks: [],
  };
}

async function memoryByChannels(url: string, pid: number | undefined): Promise<number[]> {
  const sockets: Socket[] = [];
  const megabytes: number[] = [];
  try {
    for (const wanted of CHANNELS) {
      while (sockets.length < wanted) {
        const more = Math.min(AT_ONCE, wanted - sockets.length);
        sockets.push(...(await Promise.all(Array.from({ length: more }, () => openChannel(url)))));
      }
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      megabytes.push(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1000);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  return megabytes;
}

/** A connection that has carried something there and back. */
async function openChannel(url: string): Promise<Socket> {
  const socket = connect({ path: url.slice('unix://'.length) });
  socket.write('x');
  await once(socket, 'data');
  return socket;
}
