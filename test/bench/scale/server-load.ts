import { readFileSync } from 'node:fs';

/** How many messages etcd has received and sent, by the method of gRPC. */
export interface Messages {
  readonly received: ReadonlyMap<string, number>;
  readonly sent: ReadonlyMap<string, number>;
}

/** What etcd tells of itself. */
export async function readMessages(etcdUrl: string): Promise<Messages> {
  const text = await (await fetch(`${etcdUrl}/metrics`)).text();
  const read = (name: string): Map<string, number> => {
    const found = new Map<string, number>();
    for (const [, method = '', value] of text.matchAll(
      new RegExp(`^${name}\\{grpc_method="(\\w+)"[^}]*\\} (\\S+)$`, 'gm'),
    ))
      found.set(method, (found.get(method) ?? 0) + Number(value));
    return found;
  };
  return { received: read('grpc_server_msg_received_total'), sent: read('grpc_server_msg_sent_total') };
}

/** The processor time that processes have used, in seconds. Linux counts it in hundredths on every architecture that Node runs on. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids
    .map((pid) => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [user = 0, system = 0] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13)
        .map(Number);
      return (user + system) / 100;
    })
    .reduce((sum, seconds) => sum + seconds, 0);
}

/** The memory that a process has in use, in MiB. */
export function residentMebibytes(pids: readonly number[]): number {
  return pids
    .map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
    .reduce((sum, size) => sum + size, 0);
}
