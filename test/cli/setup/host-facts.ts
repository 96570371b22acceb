import type { HostFacts, InstalledAgent } from '../../../cli/setup/facts/host-facts.js';
import type { InstallRecord } from '../../../cli/setup/record/install-record.js';

/** The record of a host that was set up in full. */
export function recordOf(hostname: string, address: string, fleetId: string): InstallRecord {
  return {
    ...{ format: 1, state: 'installed', fleet: { name: 'prod', id: fleetId }, hostname, address },
    ...{ labels: {}, packages: [], users: [], created: [], at: '' },
  };
}

type Given = Pick<InstalledAgent, 'record' | 'certificate' | 'hasClusterData'> & Partial<InstalledAgent>;

/** Facts of a host without problems; where there is a record, its agent runs. */
export function factsOf(agent: Given): HostFacts {
  const isThere = agent.record !== undefined;
  return {
    ...{ hostname: 'web1', machineId: 'a', os: { id: 'debian', version: '12', name: 'Debian' } },
    ...{ architecture: 'x64', libc: { kind: 'glibc', version: '2.36' } },
    ...{ bootStarter: 'systemd', packageManager: 'apt' },
    ...{ diskFreeBytes: { opt: 1e10, var: 1e10 }, readOnly: [], memoryBytes: 1e9, clockSkewMs: 0 },
    ...{ addresses: ['10.0.0.1'], entered: '10.0.0.1', takenPorts: [], isEtcdServiceActive: false },
    ...{ etcd: { path: '/usr/bin/etcd', version: '3.4.23' }, node: undefined },
    ...{ groupMembers: isThere ? [] : undefined, hasAppUser: isThere },
    agent: {
      ...{ isRecordUnreadable: false, isRunning: isThere, servesEtcd: isThere, trusted: undefined },
      release: isThere ? 'abababababababab' : undefined,
      ...agent,
    },
  };
}
