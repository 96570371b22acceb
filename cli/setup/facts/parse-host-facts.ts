import { isIP } from 'node:net';
import { parseInstallRecord } from '../record/install-record.js';
import { BOOT_STARTERS } from '../service/detect-init-system.js';
import { CLIENT_PORT } from './facts-script.js';
import type { HostFacts, InstalledAgent } from './host-facts.js';

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'x64', aarch64: 'arm64', arm64: 'arm64' };
const PACKAGE_MANAGERS = {
  'apt-get': 'apt',
  dnf: 'dnf',
  zypper: 'zypper',
  pacman: 'pacman',
  apk: 'apk',
} as const;

/** More facts than any host has. */
const MOST_FACTS = 200;

type Values = (name: string) => readonly string[];

/**
 * Reads what {@link FACTS_SCRIPT} said. Whatever a host says is data: what has not the form that it should counts as not
 * said.
 *
 * @param clock our own, in milliseconds, in the middle of the round trip
 * @returns undefined where the script did not come to its end
 */
export function parseHostFacts(output: string, clock: number): HostFacts | undefined {
  const values = readLines(output);
  const one = (name: string): string => (values(name)[0] ?? '').trim();
  if (one('end') !== 'yes') return undefined;
  const ports = values('taken').map(Number).filter(Number.isInteger);
  const agent = agentOf(values, one, ports);
  const system = one('system');
  const machine = one('architecture');
  const addresses = one('addresses')
    .split(/\s+/)
    .filter((address) => isIP(address) !== 0);
  return {
    hostname: one('hostname').slice(0, 255),
    machineId: one('machine').slice(0, 200),
    os: {
      id: one('os-id').slice(0, 50) || system.toLowerCase().slice(0, 50),
      version: one('os-version').slice(0, 50),
      name: one('os-name').slice(0, 100) || system.slice(0, 100),
    },
    architecture: ARCHITECTURES[machine] ?? machine.slice(0, 50),
    libc: libcOf(one('glibc'), one('musl')),
    bootStarter: BOOT_STARTERS.find((starter) => starter === one('boot-starter')) ?? 'none',
    packageManager: PACKAGE_MANAGERS[one('packages') as keyof typeof PACKAGE_MANAGERS],
    diskFreeBytes: { opt: kilobytes(one('free-opt')), var: kilobytes(one('free-var')) },
    readOnly: values('read-only').map((value) => value.slice(0, 100)),
    memoryBytes: kilobytes(one('memory')),
    clockSkewMs: skew(one('clock'), clock),
    addresses,
    entered: addresses.find((address) => address === one('entered')),
    takenPorts: agent.isRunning ? [] : ports,
    // One that was sent is what the agent runs, also where another has been installed since.
    etcd: etcdOf(one('sent-etcd'), one('sent-etcd-version')) ?? etcdOf(one('etcd'), one('etcd-version')),
    isEtcdServiceActive: one('etcd-service') === 'active',
    node: program(one('node'), /^v(\d+\.\d+\.\d+)$/.exec(one('node-version'))?.[1]),
    groupMembers: membersOf(one('group')),
    hasAppUser: one('app-user') === 'yes',
    agent,
  };
}

/** Of a line as in /etc/group. */
function membersOf(line: string): readonly string[] | undefined {
  const [, members] = /^[^:]+:[^:]*:\d+:(.*)$/.exec(line) ?? [];
  return members
    ?.split(',')
    .filter((name) => name !== '')
    .slice(0, MOST_FACTS);
}

function readLines(output: string): Values {
  const facts = new Map<string, string[]>();
  for (const line of output.split('\n').slice(0, MOST_FACTS)) {
    const [, name, value = ''] = /^([a-z-]+) ([A-Za-z0-9+/=]*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    facts.set(name, [...(facts.get(name) ?? []), Buffer.from(value, 'base64').toString()]);
  }
  return (name) => facts.get(name) ?? [];
}

function agentOf(values: Values, one: (name: string) => string, ports: readonly number[]): InstalledAgent {
  const isRunning = one('running') === 'active' || one('running') === 'activating';
  const [text] = values('record');
  const record = text === undefined ? undefined : parseInstallRecord(text);
  const release = /^(?:\/opt\/hawser\/)?releases\/([0-9a-f]{16})\/?$/.exec(one('release'))?.[1];
  return {
    record,
    isRecordUnreadable: text !== undefined && record === undefined,
    isRunning,
    hasClusterData: one('data') === 'yes',
    servesEtcd: isRunning && ports.includes(CLIENT_PORT),
    release,
    certificate: values('certificate')[0],
    trusted: values('trusted')[0],
  };
}

function etcdOf(path: string, said: string): HostFacts['etcd'] {
  return program(path, /^etcd Version: (\d+\.\d+\.\d+)/.exec(said)?.[1]);
}

function libcOf(glibc: string, musl: string): HostFacts['libc'] {
  const [, version] = /^glibc (\d+\.\d+)/.exec(glibc) ?? [];
  if (version !== undefined) return { kind: 'glibc', version };
  return { kind: musl === '' ? 'unknown' : 'musl', version: '' };
}

function kilobytes(text: string): number {
  const value = Number(text);
  return text !== '' && Number.isSafeInteger(value) ? value * 1024 : 0;
}

/** The host names whole seconds: on average it is half a second further. */
function skew(seconds: string, clock: number): number {
  const value = Number(seconds);
  return seconds !== '' && Number.isSafeInteger(value) ? value * 1_000 + 500 - clock : 0;
}

function program(
  path: string,
  version: string | undefined,
): { readonly path: string; readonly version: string } | undefined {
  return path.startsWith('/') && version !== undefined ? { path: path.slice(0, 500), version } : undefined;
}
