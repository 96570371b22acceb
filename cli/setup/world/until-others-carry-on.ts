import { pause } from '../../../base/abort.js';
import type { Member } from '../../../world/client/member-types.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';
import type { WaysIn } from './entry-hosts.js';

const POLL_MS = 500;
const ANSWER_MS = 3_000;
const TIMEOUT_MS = 30_000;

/** The host that is about to be restarted, and how the others are asked. */
export interface Restarted {
  readonly hostname: string;
  /** Through another host, where there is one. */
  readonly world: ClientWorld;
  /** Through a host's own etcd; undefined where that cannot be entered. */
  readonly through: (hostname: string) => Promise<ClientWorld | undefined>;
  readonly signal: AbortSignal;
  /** Default 30 s. */
  readonly timeoutMs?: number;
}

/**
 * Waits until the etcd of so many other hosts answers for the cluster that it goes on without this host. A cluster of one or two
 * never does: its host is restarted all the same.
 *
 * @returns false where the cluster does not answer to the end, so that a restart stops nothing
 * @throws CliError `no-quorum` where the restart would stop it
 */
export async function untilOthersCarryOn(restarted: Restarted): Promise<boolean> {
  const { hostname, signal, timeoutMs = TIMEOUT_MS } = restarted;
  const until = performance.now() + timeoutMs;
  for (;;) {
    const members = await membersOf(restarted.world, signal);
    const voters = members?.filter(({ isLearner }) => !isLearner) ?? [];
    const silent = await silentAmong(voters, restarted);
    if (members !== undefined && canSpare(hostname, voters, silent)) return true;
    if (performance.now() > until) {
      if (members === undefined) return false;
      throw wouldStop(hostname, voters.length, silent);
    }
    await pause(POLL_MS, signal);
  }
}

/**
 * Before the agent of a host is started again with other settings: waits as {@link untilOthersCarryOn} does, for a shorter time.
 *
 * @returns when the agent that runs was started; undefined where the fleet does not say
 * @throws CliError `no-quorum`
 */
export async function beforeRestart(
  hostname: string,
  ways: Pick<WaysIn, 'around' | 'through' | 'isOpen'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!ways.isOpen) return undefined;
  await using world = await ways.around(hostname);
  const through = (name: string) => ways.through(name);
  if (!(await untilOthersCarryOn({ hostname, world, through, signal, timeoutMs: 15_000 }))) return undefined;
  return (await world.getAgents({ signal })).get(hostname)?.startedAt;
}

/** Whether the voters that answer are a majority without this host. */
export function canSpare(
  hostname: string,
  voters: readonly Pick<Member, 'name'>[],
  silent: readonly string[],
): boolean {
  if (voters.length < 3 || voters.every(({ name }) => name !== hostname)) return true;
  return voters.length - 1 - silent.length > voters.length / 2;
}

/** The other voters that do not answer for the cluster. */
async function silentAmong(
  voters: readonly Pick<Member, 'name'>[],
  { hostname, through, signal }: Restarted,
): Promise<string[]> {
  const others = voters.map(({ name }) => name).filter((name) => name !== hostname);
  const answers = await Promise.all(
    others.map(async (name) => {
      // One that has joined and never started has no name yet.
      if (name === '') return false;
      await using world = await through(name);
      return world === undefined || (await membersOf(world, signal)) !== undefined;
    }),
  );
  return others.filter((_, index) => answers[index] === false);
}

/** As a majority knows them; undefined while none answers. */
async function membersOf(world: ClientWorld, signal: AbortSignal): Promise<readonly Member[] | undefined> {
  try {
    return await world.members({ signal, timeoutMs: ANSWER_MS });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WorldError && error.code === 'unavailable') return undefined;
    throw error;
  }
}

function wouldStop(hostname: string, voters: number, silent: readonly string[]): CliError {
  const names = silent.map((name) => name || 'one that has not started').join(', ');
  const message = `${hostname} is not restarted: it runs one of the ${voters} servers of etcd, and of the others ${names} ${silent.length === 1 ? 'does' : 'do'} not answer, so the fleet would stand still. Look with "hawser status", and run "hawser up" again.`;
  return new CliError('no-quorum', message);
}
