import path from 'node:path';
import type { TestFleet } from '../../testing/index.js';
import type { Lines } from '../output/escaped-lines.js';
import { counted } from '../output/format-quantities.js';
import { formatTable, lines } from '../output/print.js';

/** What programs get of a lab. */
export interface LabDescription {
  readonly name: string;
  readonly backend: string;
  /** Private to this user. */
  readonly folder: string;
  readonly sshConfig: string;
  readonly identity: string;
  readonly knownHosts: string;
  /** With which commands of hawser reach it. */
  readonly config: string;
  /** As its hosts see them. */
  readonly etcd: readonly string[];
  readonly hosts: readonly LabHost[];
}

interface LabHost {
  readonly hostname: string;
  readonly sshUrl: string;
  readonly address: string;
  readonly faults: readonly string[];
}

export async function describeLab(fleet: TestFleet): Promise<LabDescription> {
  const hosts = fleet.hosts.map(async (host) => ({
    hostname: host.name,
    sshUrl: host.sshUrl,
    address: host.address,
    faults: await host.faults.describe(),
  }));
  return {
    name: fleet.name ?? fleet.id,
    backend: fleet.engine ?? fleet.backend,
    folder: fleet.folder,
    sshConfig: fleet.sshConfigFile,
    identity: fleet.identityFile,
    knownHosts: fleet.knownHostsFile,
    config: path.join(fleet.folder, 'hawser.yaml'),
    etcd: fleet.etcdEndpoints,
    hosts: await Promise.all(hosts),
  };
}

/** The same for people, with what to do next. */
export function formatLab(lab: LabDescription): Lines {
  const rows = lab.hosts.map(({ hostname, sshUrl, address, faults }) => [
    hostname,
    sshUrl.replace(/^ssh:\/\//, ''),
    address,
    faults.join(', ') || 'none',
  ]);
  const [host, second = host] = lab.hosts.map(({ hostname }) => hostname);
  const name = `--name ${lab.name}`;
  const made = lab.backend === 'processes' ? 'processes of this machine' : `containers (${lab.backend})`;
  return lines([
    `${lab.name}: ${counted(lab.hosts.length, 'host')}, ${made}`,
    formatTable(['HOST', 'SSH', 'ADDRESS', 'FAULTS'], rows),
    '',
    'Log in:',
    `  hawser lab ssh ${host} ${name}`,
    `  ssh -F ${lab.sshConfig} ${host}`,
    ...(lab.etcd.length === 0
      ? []
      : [
          'Use the fleet:',
          `  hawser status --config ${lab.config}`,
          `  etcdctl on a host: --endpoints ${lab.etcd.join(',')}`,
        ]),
    'Break something, and mend it:',
    `  hawser lab cut ${second} ${name}`,
    `  hawser lab heal ${second} ${name}`,
    'Remove everything:',
    `  hawser lab down ${lab.name}`,
  ]);
}
