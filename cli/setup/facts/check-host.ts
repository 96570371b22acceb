import { CliError } from '../../errors.js';
import { formatBytes } from '../../output/format-quantities.js';
import { hasRuntime } from '../programs/prepare-runtime.js';
import { uuidOf } from '../record/install-record.js';
import type { HostFacts } from './host-facts.js';

const OLDEST_GLIBC = [2, 28] as const;
const LEAST_OPT_BYTES = 300_000_000;
const LEAST_VAR_BYTES = 200_000_000;
const MOST_SKEW_MS = 60_000;

/** What a host is compared with. */
export interface HostExpectation {
  readonly name: string;
  readonly fleet: { readonly name: string; readonly id: string };
  /** Whether the host's own Node is to be used. */
  readonly useHostNode: boolean;
}

/** Everything that keeps a host from taking part, the most telling first: each with its remedy. */
export function checkHost(facts: HostFacts, expected: HostExpectation): CliError[] {
  return [
    ...checkFleet(facts, expected),
    ...checkSystem(facts, expected),
    ...checkRoom(facts, expected.name),
    ...checkPorts(facts, expected.name),
    ...checkClock(facts, expected.name),
  ];
}

function checkFleet({ agent }: HostFacts, { name, fleet }: HostExpectation): CliError[] {
  const { record, isRecordUnreadable } = agent;
  if (isRecordUnreadable) {
    const message = `${name} has an /opt/hawser/install.json that this version cannot read: use the version of hawser that set the host up.`;
    return [new CliError('failed', message)];
  }
  if (record === undefined || record.fleet.id === uuidOf(fleet.id)) return [];
  const message = `${name} belongs to another fleet, ${record.fleet.name} (${record.fleet.id}): take it out of that one first, with "hawser down ${record.hostname} --fleet ${record.fleet.name}" where that fleet is known.`;
  return [new CliError('other-fleet', message)];
}

function checkSystem(facts: HostFacts, { name, useHostNode }: HostExpectation): CliError[] {
  const { os, architecture, libc, node } = facts;
  const fail = (message: string) => [new CliError('failed', message)];
  if (!hasRuntime(architecture))
    return fail(`${name} has the architecture ${architecture}, and hawser runs only on x64 and arm64.`);
  if (libc.kind !== 'glibc')
    return fail(
      `${name} (${os.name || os.id}) has ${libc.kind === 'musl' ? 'musl' : 'no glibc that could be found'}: hawser needs a Linux with glibc 2.28 or newer, such as Debian 10.`,
    );
  const [major = 0, minor = 0] = libc.version.split('.').map(Number);
  if (major < OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor < OLDEST_GLIBC[1]))
    return fail(`${name} (${os.name || os.id}) has glibc ${libc.version}: hawser needs 2.28 or newer.`);
  if (useHostNode && node === undefined)
    return fail(
      `${name} has no node on its PATH: leave out --use-host-node, or install Node 20 or newer there.`,
    );
  if (useHostNode && node !== undefined && !runsHawser(node.version))
    return fail(
      `${name} has Node ${node.version}, and hawser needs 20.19, 22.13, 24 or newer: leave out --use-host-node, or install a newer Node there.`,
    );
  return [];
}

/** As `engines` in package.json. */
function runsHawser(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19);
}

function checkRoom({ readOnly, diskFreeBytes, agent }: HostFacts, name: string): CliError[] {
  if (readOnly.length > 0) {
    const message = `root cannot write to ${readOnly.join(', ')} on ${name}: mount it read-write.`;
    return [new CliError('failed', message)];
  }
  if (agent.record?.state === 'installed') return [];
  const short = [
    ['/opt', diskFreeBytes.opt, LEAST_OPT_BYTES],
    ['/var/lib', diskFreeBytes.var, LEAST_VAR_BYTES],
  ] as const;
  return short
    .filter(([, free, least]) => free < least)
    .map(([folder, free, least]) => {
      const message = `${name} has ${formatBytes(free)} free in ${folder}, and hawser needs ${formatBytes(least)}: make room there.`;
      return new CliError('failed', message);
    });
}

function checkPorts({ takenPorts, isEtcdServiceActive }: HostFacts, name: string): CliError[] {
  if (takenPorts.length === 0) return [];
  const who = isEtcdServiceActive ? ' by an etcd.service that is not ours' : '';
  const message = `Port ${takenPorts.join(' and ')} of ${name} is taken${who}: the fleet's etcd needs it. Stop what listens there ("ss -ltnp" shows it).`;
  return [new CliError('failed', message)];
}

function checkClock({ clockSkewMs }: HostFacts, name: string): CliError[] {
  if (Math.abs(clockSkewMs) <= MOST_SKEW_MS) return [];
  const seconds = Math.round(Math.abs(clockSkewMs) / 1_000);
  const message = `The clock of ${name} is ${seconds} s ${clockSkewMs > 0 ? 'ahead of' : 'behind'} this machine's: certificates would not be valid there. Set it, for example with "timedatectl set-ntp true".`;
  return [new CliError('failed', message)];
}
