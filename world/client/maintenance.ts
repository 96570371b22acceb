import type { CallOptions } from '../call-options.js';
import { WorldError } from '../errors.js';
import type { Calls } from './calls/calls.js';
import type { Rpc } from './calls/rpc.js';

/** An etcd alarm. `Nospace`: a member's database has reached its quota, and the cluster accepts no writes. */
export interface Alarm {
  readonly memberId: string;
  readonly kind: 'Nospace' | 'Corrupt' | 'None';
}

/** These cannot compare the fleet in a transaction, so the endpoint is asked for it first. */
const CHANGE = { kind: 'repeatable', fleetCheck: 'before' } as const;

/** Discards the history before `revision`, and waits until the member asked has removed it from its database. */
export async function compact(calls: Calls, revision: bigint, options: CallOptions): Promise<void> {
  const run = (rpc: Rpc) => rpc.kv.compact({ revision: String(revision), physical: true });
  try {
    const what = `compact etcd at revision ${revision}`;
    await calls.perform({ ...CHANGE, what, run }, options);
  } catch (error) {
    // Already done: by another client, or by an attempt whose answer was lost.
    if (!(error instanceof WorldError) || error.code !== 'compacted') throw error;
  }
}

/** Releases the free space of a member's database. The member answers no other call meanwhile. */
export async function defragment(calls: Calls, options: CallOptions): Promise<void> {
  const run = (rpc: Rpc) => rpc.maintenance.defragment();
  await calls.perform({ ...CHANGE, what: 'defragment the database', run }, options);
}

export async function listAlarms(calls: Calls, options: CallOptions): Promise<Alarm[]> {
  const run = (rpc: Rpc) => rpc.maintenance.alarm({ action: 'Get' });
  const { value } = await calls.perform({ kind: 'read', what: 'list the alarms', run }, options);
  return value.alarms.map(({ memberID, alarm }) => ({ memberId: memberID, kind: alarm }));
}

/** Disarms an alarm; etcd raises it again at once if its cause persists. */
export async function disarm(calls: Calls, { memberId, kind }: Alarm, options: CallOptions): Promise<void> {
  const run = (rpc: Rpc) => rpc.maintenance.alarm({ action: 'Deactivate', memberID: memberId, alarm: kind });
  await calls.perform({ ...CHANGE, what: `disarm the ${kind} alarm`, run }, options);
}
