import { pause } from '../../base/abort.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { Member } from '../client/member-types.js';
import { WorldError } from '../errors.js';
import { DEFRAG_PROBE_KEY } from '../keys.js';

/** How long one member's database may take, if the caller says nothing: some GB on a slow disk. */
const DEFRAG_TIMEOUT_MS = 600_000;
/** How long a member may take to be well again afterwards. */
const RECOVER_MS = 60_000;
const LOOK_EVERY_MS = 100;
/** A member drops what was compacted bit by bit, several times in so long. */
const COMPACTING_MS = 300;
/** etcd commits what was written this often (`--backend-batch-interval`), and counts it against the quota only then. */
const COMMITTED_MS = 150;
/** So many commits after a defragmentation, writes reuse the pages of earlier ones. */
const PROBES = 3;

/** What became of one member's database. */
export interface DefragmentedMember {
  readonly id: string;
  readonly name: string;
  /** Undefined for a member that was left out. */
  readonly beforeBytes?: number | undefined;
  readonly afterBytes?: number | undefined;
  /** Why it was left out. */
  readonly skipped?: string | undefined;
}

export interface DefragResult {
  /** In the order in which they were done. */
  readonly members: readonly DefragmentedMember[];
  /** What keys held before this revision is forgotten. */
  readonly compactedAt: bigint;
  /** Of the NOSPACE alarm: there was none, it was disarmed, or there is still no room. */
  readonly alarm: 'none' | 'disarmed' | 'no-room';
}

export interface DefragOptions extends CallOptions {
  /** A client of one member alone, which stays the caller's to close. Members that it throws for are left out. */
  readonly reach: (member: Member) => Promise<Client>;
  /** Told before each member. */
  readonly onMember?: ((member: Member) => void) | undefined;
}

/** A member that was reached. */
interface Reached {
  readonly member: Member;
  readonly client: Client;
  readonly beforeBytes: number;
}

/**
 * Makes room in etcd: compacts it, defragments one member after the other, the leader last, and ends the NOSPACE alarm
 * where that made room. Before each member it looks whether the others are well, and after it waits until it is back, so
 * that the cluster keeps its majority all the time. Members that cannot be reached are skipped.
 *
 * An abort ends it after the member under way was told; that one finishes by itself.
 * @throws WorldError `unavailable` when too few members are well to do without one for a while.
 */
export async function defragMembers(
  client: Client,
  { reach, onMember, ...call }: DefragOptions,
): Promise<DefragResult> {
  const members = (await client.cluster.members(call)).filter(({ name }) => name !== '');
  const { reached, skipped } = await reachAll(members, reach, call);
  const compactedAt = await newestRevision(client, call);
  await client.cluster.compact(compactedAt, call);
  const done: DefragmentedMember[] = [];
  for (let left = reached; left.length > 0; ) {
    const { leader } = await client.cluster.status(undefined, call);
    const next = left.find(({ member }) => member.id !== leader) ?? left[0];
    if (next === undefined) break;
    left = left.filter((one) => one !== next);
    await checkOthers(next, { members, reached }, call);
    onMember?.(next.member);
    done.push(await defragOne(next, call));
  }
  const alarm = await disarmIfRoom(client, reached, call);
  return { members: [...done, ...skipped], compactedAt, alarm };
}

async function reachAll(
  members: readonly Member[],
  reach: DefragOptions['reach'],
  call: CallOptions,
): Promise<{ reached: Reached[]; skipped: DefragmentedMember[] }> {
  const reached: Reached[] = [];
  const skipped: DefragmentedMember[] = [];
  for (const member of members) {
    const { id, name } = member;
    try {
      const client = await reach(member);
      const { dbSizeBytes } = await client.cluster.status(undefined, call);
      reached.push({ member, client, beforeBytes: dbSizeBytes });
    } catch (error) {
      call.signal?.throwIfAborted();
      if (!(error instanceof Error)) throw error;
      skipped.push({ id, name, skipped: error.message });
    }
  }
  return { reached, skipped };
}

async function newestRevision(client: Client, call: CallOptions): Promise<bigint> {
  const read = { success: [{ get: DEFRAG_PROBE_KEY, countOnly: true }] };
  return (await client.txn(read, { ...call, repeatable: true })).revision;
}

/** A member does not answer while it is defragmented, so the others need a quorum without it. */
async function checkOthers(
  next: Reached,
  { members, reached }: { readonly members: readonly Member[]; readonly reached: readonly Reached[] },
  call: CallOptions,
): Promise<void> {
  const voters = members.filter(({ isLearner }) => !isLearner);
  const others = reached.filter((one) => one !== next && !one.member.isLearner);
  const troubles = (await Promise.all(others.map((one) => problemOf(one, call)))).filter(
    (one) => one !== undefined,
  );
  const well = others.length - troubles.length;
  const isNeeded = !next.member.isLearner && voters.length > 1;
  const isWhole = troubles.length === 0 && others.length === voters.length - 1;
  if (!isNeeded || isWhole || well > voters.length / 2) return;
  const why = troubles[0] ?? 'some of them cannot be reached from here';
  const message = `Did not defragment ${next.member.name}: without it the other members would have no quorum (${why}). Fix that first.`;
  throw new WorldError('unavailable', message);
}

async function problemOf({ member, client }: Reached, call: CallOptions): Promise<string | undefined> {
  try {
    const status = await client.cluster.status(undefined, call);
    const trouble = status.errors.find((error) => !error.includes('NOSPACE'));
    return trouble === undefined ? undefined : `${member.name}: ${trouble}`;
  } catch (error) {
    call.signal?.throwIfAborted();
    if (error instanceof WorldError) return error.message;
    throw error;
  }
}

async function defragOne(
  { member, client, beforeBytes }: Reached,
  call: CallOptions,
): Promise<DefragmentedMember> {
  await untilCompacted(client, call);
  await client.cluster.defragment({ ...call, timeoutMs: DEFRAG_TIMEOUT_MS });
  const { raftIndex } = await client.cluster.status(undefined, call);
  const until = performance.now() + RECOVER_MS;
  for (;;) {
    const status = await client.cluster.status(undefined, call);
    const isBack = status.leader !== '0' && status.raftAppliedIndex >= raftIndex;
    const { id, name } = member;
    if (isBack) return { id, name, beforeBytes, afterBytes: status.dbSizeBytes };
    call.signal?.throwIfAborted();
    if (performance.now() > until)
      throw new WorldError(
        'unavailable',
        `${name} was defragmented but did not recover within ${RECOVER_MS / 1000} s.`,
      );
    await pause(LOOK_EVERY_MS, call.signal);
  }
}

/** Only the member that was asked to compact says when it has; the others are watched until they free no more. */
async function untilCompacted(client: Client, call: CallOptions): Promise<void> {
  const until = performance.now() + RECOVER_MS;
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const { dbSizeInUseBytes } = await client.cluster.status(undefined, call);
    if (dbSizeInUseBytes >= before || performance.now() > until) return;
    before = dbSizeInUseBytes;
    call.signal?.throwIfAborted();
    await pause(COMPACTING_MS, call.signal);
  }
}

/** Where there is no room, the write that tries it raises the alarm again. */
async function disarmIfRoom(
  client: Client,
  reached: readonly Reached[],
  call: CallOptions,
): Promise<DefragResult['alarm']> {
  const alarms = (await client.cluster.alarms(call)).filter(({ kind }) => kind === 'Nospace');
  if (alarms.length === 0) return 'none';
  for (const alarm of alarms) await client.cluster.disarm(alarm, call);
  try {
    for (let probe = 0; probe < PROBES; probe += 1) {
      if (probe > 0) await pause(COMMITTED_MS, call.signal);
      // Each member knows its own quota.
      for (const one of reached.filter(({ member }) => !member.isLearner))
        await one.client.set(DEFRAG_PROBE_KEY, String(probe), { ...call, repeatable: true });
    }
    return 'disarmed';
  } catch (error) {
    if (error instanceof WorldError && error.code === 'no-space') return 'no-room';
    throw error;
  } finally {
    await client.del(DEFRAG_PROBE_KEY, { ...call, repeatable: true });
  }
}
