import { setTimeout as delay } from 'node:timers/promises';
import { type Client, DEFAULT_IDEAL_CLUSTER_SIZE, type Log, WorldError } from '../../world/internal.js';
import { MemberAssessor } from './members/member-assessor.js';
import { readClusterState } from './members/read-cluster-state.js';
import type { HostServer } from './server/server-lifetime.js';

/** How long a clean shutdown waits for the others to remove this host before it stops the server anyway. */
export const LEAVE_TIMEOUT_MS = 15_000;

const POLL_MS = 250;
const ANSWER_MS = 1000;

/** How long to wait for a majority: without one, no member can be removed. */
const NO_MAJORITY_LIMIT_MS = 5000;

export interface LeaveOptions {
  readonly client: Client;
  readonly server: HostServer;
  readonly hostname: string;
  /** On the monotonic clock: when the server is stopped at the latest. */
  readonly until: number;
  /** Manages the members until the signal aborts, for when no other host of this fleet can. */
  readonly nominate: (signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

/**
 * Waits until this host's server is removed from the cluster, which makes it exit. Another host removes it. If none
 * can, but members of other programs stay, the leaving hosts remove themselves one by one. Returns sooner if no
 * member stays, and at `until` at the latest: the server then still runs, and once stopped with its data it can come
 * back as the same member.
 */
export async function leaveCluster(options: LeaveOptions): Promise<void> {
  const over = new AbortController();
  const nominating: Promise<void>[] = [];
  try {
    await waitToLeave(options, () => {
      if (nominating.length === 0) nominating.push(options.nominate(over.signal));
    });
  } finally {
    over.abort();
    await Promise.allSettled(nominating);
  }
}

async function waitToLeave(options: LeaveOptions, nominate: () => void): Promise<void> {
  const { client, server, hostname, until, log } = options;
  const observer = new MemberAssessor();
  let unanswered: number | undefined;
  for (let isLogged = false; performance.now() < until; isLogged = true) {
    const stay = await whoStays(client, hostname, observer);
    if (stay?.names.length === 0)
      return log(
        'info',
        `no other server stays in the cluster; stopping the one on ${hostname} and keeping its data`,
      );
    unanswered = stay === undefined ? (unanswered ?? performance.now()) : undefined;
    if (performance.now() - (unanswered ?? performance.now()) > NO_MAJORITY_LIMIT_MS) break;
    if (!isLogged) log('info', waitingFor(stay?.names));
    if (stay?.isManaged === false) nominate();
    if (await hasLeft(server, stay)) return log('info', `${hostname} has left the cluster`);
    if (server.process === undefined) await delay(POLL_MS);
  }
  const back = 'its data stays, and it will come back as the same member';
  log('warn', `stopping without leaving the cluster, which may have no majority now; ${back}`);
}

/** Waits for a moment. */
async function hasLeft(server: HostServer, stay: Staying | undefined): Promise<boolean> {
  if (await server.isRemovedWithin(POLL_MS)) return true;
  // A server that is removed before it has joined exits without having heard of it.
  if (server.process !== undefined || stay?.isMember !== false) return false;
  await server.discard();
  return true;
}

function waitingFor(names: readonly string[] | undefined): string {
  const who = names === undefined ? 'a majority of the servers' : names.join(', ');
  return `leaving the cluster: waiting up to ${LEAVE_TIMEOUT_MS / 1000} s for ${who} to take over`;
}

interface Staying {
  /** The hosts and members that stay after this one has left. */
  readonly names: readonly string[];
  /** Whether one of the hosts can remove it. */
  readonly isManaged: boolean;
  /** Whether this host still is a member. */
  readonly isMember: boolean;
}

/** @returns undefined if it cannot be read. */
async function whoStays(
  client: Client,
  hostname: string,
  observer: MemberAssessor,
): Promise<Staying | undefined> {
  try {
    const options = { timeoutMs: ANSWER_MS };
    const observation = await readClusterState(
      client,
      async () => DEFAULT_IDEAL_CLUSTER_SIZE,
      undefined,
      options,
    );
    const others = observation.volunteers.map(({ key }) => key).filter((name) => name !== hostname);
    const { members } = observer.observe(observation, performance.now()).state;
    const isMember = members.some((view) => view.hostname === hostname);
    if (others.length > 0) return { names: others, isManaged: true, isMember };
    const stay = members.filter(
      (view) => view.hostname !== hostname && !['leaving', 'gone'].includes(view.status),
    );
    return { names: stay.map(({ member }) => member.name || member.id), isManaged: false, isMember };
  } catch (error) {
    if (error instanceof WorldError) return undefined;
    throw error;
  }
}
