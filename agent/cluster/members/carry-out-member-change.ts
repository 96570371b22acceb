import path from 'node:path';
import {
  type Client,
  type Leadership,
  type Log,
  NOMINATED_PREFIX,
  RESTING_PREFIX,
  type TxnOp,
  WorldError,
} from '../../../world/internal.js';
import type { Change, ClusterState, MemberView } from './choose-member-change.js';
import { saveSnapshot } from './save-snapshot.js';
import { healthOf, mayAdd, mayRemove, type VoterHealth } from './voter-health.js';

/** How long a host that did not start is not nominated again: the first time, and at most (it doubles in between). */
const FIRST_BACKOFF_SECONDS = 30;
const MAX_BACKOFF_SECONDS = 600;

const CALL_MS = 5000;

export interface NominatorContext {
  readonly client: Client;
  /** A client of only these endpoints. */
  readonly connect: (endpoints: readonly string[]) => Client;
  /** The directory for snapshots. */
  readonly folder: string;
  /** How often each host has failed to start, as far as this host knows. */
  readonly failures: Map<string, number>;
  readonly log: Log;
}

/** The result of one change. */
export type Outcome = { readonly done: true } | { readonly done: false; readonly why: string };

const done: Outcome = { done: true };

/**
 * Makes one change of the cluster, if it is safe now. etcd itself checks the leadership right before.
 *
 * @throws WorldError `conflict` if another host was elected; `unavailable` and the like.
 */
export async function carryOutMemberChange(
  context: NominatorContext,
  turn: Leadership,
  state: ClusterState,
  change: Change,
  signal: AbortSignal,
): Promise<Outcome> {
  const task = { ...context, turn, state, signal };
  switch (change.kind) {
    case 'add':
      return add(task, change);
    case 'promote':
      return promote(task, change.view);
    case 'remove':
      return remove(task, change);
    case 'nominate': {
      const { hostname, member } = change.view;
      await commit(task, [{ put: `${NOMINATED_PREFIX}${hostname}`, value: member.peerUrls.join(',') }]);
      return done;
    }
    case 'unnominate':
      await commit(task, [{ delete: `${NOMINATED_PREFIX}${change.hostname}` }]);
      return done;
    case 'drain':
      context.log('info', `the size is 0: stopping ${change.view.hostname}, the last server`);
      await trySnapshot(task);
      await commit(task, [{ delete: `${NOMINATED_PREFIX}${change.view.hostname}` }]);
      return done;
  }
}

interface Task extends NominatorContext {
  readonly turn: Leadership;
  readonly state: ClusterState;
  readonly signal: AbortSignal;
}

async function add(task: Task, { volunteer }: Extract<Change, { kind: 'add' }>): Promise<Outcome> {
  const { client, state, signal, log } = task;
  const voters = votersOf(state);
  const health = await healthOf(client, voters, signal);
  if (!mayAdd(voters, health)) return { done: false, why: explainUnhealthy(voters, health) };
  const problem = await trySnapshot(task);
  if (problem !== undefined) return { done: false, why: `could not take a snapshot first: ${problem}` };
  log('info', `nominating ${volunteer.hostname}: ${voters.length + 1} of ${state.size} servers`);
  const key = `${NOMINATED_PREFIX}${volunteer.hostname}`;
  await commit(task, [{ put: key, value: volunteer.peerUrls.join(',') }]);
  return await refusedIfConflict(
    client.cluster.memberAdd(volunteer.peerUrls, { learner: true, signal, timeoutMs: CALL_MS }),
  );
}

async function promote(
  { client, signal, failures, log }: Task,
  { member, hostname }: MemberView,
): Promise<Outcome> {
  try {
    await client.cluster.memberPromote(member.id, { signal, timeoutMs: CALL_MS });
  } catch (error) {
    if (error instanceof WorldError && error.code === 'conflict')
      return { done: false, why: `${member.name} has not caught up with the leader yet` };
    throw error;
  }
  failures.delete(hostname ?? '');
  log('info', `${member.name} is now a voter`);
  return done;
}

async function remove(task: Task, change: Extract<Change, { kind: 'remove' }>): Promise<Outcome> {
  const { client, connect, state, signal, log } = task;
  const { view, why } = change;
  const voters = votersOf(state);
  const isSafe = (now: VoterHealth) => view.member.isLearner || mayRemove(voters, now, view.member);
  const refused = (now: VoterHealth): Outcome => ({
    done: false,
    why: `that would leave no majority: ${explainUnhealthy(voters, now)}`,
  });
  const before = await healthOf(client, voters, signal);
  if (!isSafe(before)) return refused(before);
  const problem = view.member.isLearner ? undefined : await trySnapshot(task);
  if (problem !== undefined && why === 'too many')
    return { done: false, why: `could not take a snapshot first: ${problem}` };
  if (problem !== undefined) log('warn', `removing a member without a snapshot: ${problem}`);
  // A snapshot takes its time, in which voters may have died.
  const health = await healthOf(client, voters, signal);
  if (!isSafe(health)) return refused(health);
  const stay = voters.filter(({ id }) => id !== view.member.id && health.healthy.has(id));
  if (health.leader === view.member.id) await handOver(task, view, stay[0]?.id);
  log('info', `removing ${view.hostname ?? `member ${view.member.id}`} from the cluster (${why})`);
  await commit(task, why === 'late' ? await backOff(task, view) : []);
  // Not through the member itself, whose answer could be lost when it exits.
  await using others = connect(stay.flatMap(({ clientUrls }) => clientUrls));
  return await refusedIfConflict(others.cluster.memberRemove(view.member.id, { signal, timeoutMs: CALL_MS }));
}

/** A refusal, or an already completed change: the members are read again before the next step either way. */
async function refusedIfConflict(call: Promise<unknown>): Promise<Outcome> {
  try {
    await call;
    return done;
  } catch (error) {
    if (error instanceof WorldError && (error.code === 'conflict' || error.code === 'not-found'))
      return { done: false, why: error.message };
    throw error;
  }
}

/** Avoids a pause for writers: the next leader is chosen while the old one still serves. */
async function handOver(task: Task, { member }: MemberView, to: string | undefined): Promise<void> {
  if (to === undefined) return;
  await using leader = task.connect(member.clientUrls);
  await leader.cluster.moveLeader(to, { signal: task.signal, timeoutMs: CALL_MS });
}

/** Keeps a host that was nominated and did not start from being nominated again for a while; longer each time. */
async function backOff({ client, failures, log, signal }: Task, { hostname }: MemberView): Promise<TxnOp[]> {
  if (hostname === undefined) return [];
  const count = failures.get(hostname) ?? 0;
  failures.set(hostname, count + 1);
  const seconds = Math.min(FIRST_BACKOFF_SECONDS * 2 ** count, MAX_BACKOFF_SECONDS);
  log(
    'warn',
    `${hostname} was nominated but did not start in time; it can be nominated again in ${seconds} s`,
  );
  const key = `${RESTING_PREFIX}${hostname}`;
  const lease = await client.leaseFor(key, seconds, { signal });
  return [{ put: key, value: String(count + 1), lease }];
}

/** Writes only if this host is still the leader; without operations it only checks. */
async function commit({ client, turn, signal }: Task, success: readonly TxnOp[]): Promise<void> {
  const { succeeded } = await client.txn(
    { compare: [turn.fence], success },
    { signal, repeatable: true, timeoutMs: CALL_MS },
  );
  if (!succeeded) throw new WorldError('conflict', 'Another host was elected to manage the cluster.');
}

/** @returns why there is no snapshot; undefined if there is one. */
async function trySnapshot({ client, folder, signal, log }: Task): Promise<string | undefined> {
  try {
    const file = await saveSnapshot(client, folder, signal);
    log('debug', `saved ${path.basename(file)}`);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

function votersOf(state: ClusterState): MemberView['member'][] {
  return state.members.map(({ member }) => member).filter(({ isLearner }) => !isLearner);
}

function explainUnhealthy(voters: readonly MemberView['member'][], { healthy, leader }: VoterHealth): string {
  if (leader === undefined) return 'the servers do not agree on a leader';
  const names = voters.filter(({ id }) => !healthy.has(id)).map(({ name }) => name);
  return `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} unhealthy`;
}
