import { type ChildProcess, spawn } from 'node:child_process';
import { type CommandResult, runCommand } from '../../../fixtures/fleet/run-command.js';

/** Namespaces of its own for the network and the processes: no name or address collides, and nothing outlives it. */
const OWN = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

const WAYS: readonly (readonly string[])[] = [
  ['unshare', ...OWN],
  ['unshare', '--user', '--map-root-user', ...OWN],
];

const NEEDED =
  'ip link add name probe type bridge && ip link add name probe1 type veth peer name probe2 && ip link set probe1 up';

/** What to put before a program to isolate it as far as this machine permits; empty when it permits nothing. */
export async function findIsolation(): Promise<readonly string[]> {
  for (const way of WAYS) {
    const [program = '', ...args] = way;
    const probe = runCommand([program, ...args, 'sh', '-c', NEEDED]);
    const { code } = await probe.catch((): Pick<CommandResult, 'code'> => ({ code: -1 })); // no such program
    if (code === 0) return way;
  }
  return [];
}

/** Starts one of our programs in isolation; it and all that it starts end with us. */
export function startIsolated(
  isolation: readonly string[],
  program: string,
  args: readonly string[],
): ChildProcess {
  // The shell is there to be process 1, which has to take care of orphans: node does not.
  const shell = isolation.length === 0 ? [] : ['sh', '-c', '"$@"; exit $?', 'sh'];
  const argv = [
    '--pdeathsig',
    'KILL',
    '--',
    ...isolation,
    ...shell,
    process.execPath,
    '--enable-source-maps',
    program,
    ...args,
  ];
  return spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
}
