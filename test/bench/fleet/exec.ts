import { findProgram } from '../../../fixtures/fleet/run-command.js';
import type { Effort } from '../effort.js';
import { compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { LoopbackHosts } from '../tunnel/loopback-hosts.js';
import { type Taken, timedHawser, timedProgram } from './timed-program.js';

/** The key exchange of OpenSSH 9 costs more CPU than the one that ssh2 has: the others get this one, too. */
const CHEAPEST_KEX = 'KexAlgorithms=curve25519-sha256';

/** One program that runs `true` on all hosts. */
interface Runner {
  readonly name: string;
  readonly run: () => Promise<Taken>;
  /** How many times as long it is to take as ours. */
  readonly wanted: number;
}

/** `hawser exec all -- true` beside what else does that, each at its best settings. */
export async function* measureExec(count: number, { rounds, isQuick }: Effort): AsyncGenerator<Topic> {
  await using hosts = await LoopbackHosts.start(count);
  const { runners, missing } = await runnersFor(hosts, count);
  const taken = new Map<string, Taken[]>(runners.map(({ name }) => [name, []]));
  for (let round = 0; round < (isQuick ? 1 : rounds); round += 1)
    for (const { name, run } of runners) taken.get(name)?.push(await run());
  const of = (name: string, what: 'wallMs' | 'cpuMs' = 'wallMs') =>
    (taken.get(name) ?? []).map((one) => one[what]);
  yield {
    title: `exec -- true on ${count} hosts, ms for the whole program`,
    columns: ['wall', 'its CPU'],
    rows: runners.map(({ name }) => ({ name, values: [median(of(name)), median(of(name, 'cpuMs'))] })),
    checks: runners
      .filter(({ name }) => name !== 'hawser')
      .map(({ name, wanted }) =>
        compare({
          what: `${name} against hawser`,
          of: of(name),
          against: of('hawser'),
          sense: 'at least',
          wanted,
        }),
      ),
    notes: [
      'the sshds are on this machine, too: their CPU is the same for all, and part of all times',
      ...missing.map((name) => `${name} is not installed: left out`),
    ],
  };
}

async function runnersFor(hosts: LoopbackHosts, count: number) {
  const options = [...hosts.sshOptions, CHEAPEST_KEX].flatMap((option) => ['-o', option]);
  const ssh = ['-F', '/dev/null', ...options].join(' ');
  const fleet = await hosts.fleetFile('bench');
  const flags = ['--fleet', fleet, '--ssh-id', hosts.identityFile];
  const find = (name: string) => findProgram(name, process.env['PATH'] ?? '');
  const [pssh, clush, ansible, sake] = await Promise.all(
    ['parallel-ssh', 'clush', 'ansible', 'sake'].map(find),
  );
  const forks = String(count);
  const others: (readonly [string, readonly [string, ...string[]] | undefined, NodeJS.ProcessEnv?])[] = [
    ['pssh', pssh === undefined ? undefined : [pssh, '-h', hosts.listFile, '-p', forks, '-x', ssh, 'true']],
    [
      'clush',
      clush === undefined
        ? undefined
        : [clush, '-q', '-w', hosts.addresses.join(','), '-f', forks, '-o', ssh, 'true'],
    ],
    [
      'ansible',
      ansible === undefined
        ? undefined
        : [ansible, 'all', '-i', `${hosts.addresses.join(',')},`, '-m', 'raw', '-a', 'true', '-f', forks],
      { ANSIBLE_SSH_ARGS: ssh, ANSIBLE_LOCAL_TEMP: '/tmp', ANSIBLE_PYTHON_INTERPRETER: 'none' },
    ],
  ];
  const runners: Runner[] = [
    { name: 'hawser', wanted: 1, run: () => timedHawser(['exec', ...flags, 'all', '--', 'true']) },
    ...others.flatMap(([name, argv, env]) =>
      argv === undefined ? [] : [{ name, wanted: 2, run: () => timedProgram(argv, env) }],
    ),
  ];
  const missing = others.filter(([, argv]) => argv === undefined).map(([name]) => name);
  return { runners, missing: sake === undefined ? [...missing, 'sake'] : missing };
}
