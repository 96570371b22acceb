import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import { DEFAULT_TIMEOUT_MS } from '../calls/calls.js';
import type { KeyValue } from '../key-value.js';
import type { TxnReply } from '../options.js';
import { absent, type Compare, type Txn, type TxnOp, unchangedSince } from '../txn/txn.js';

/** What a key is to become: a value, or nothing. */
export interface DesiredValue {
  readonly key: string;
  readonly value: string | Buffer | undefined;
}

/** The calls that it takes. */
export interface EnsureValueCalls {
  /** The newest revision that the client had heard of before; 0 for none. */
  readonly lastRevision: bigint;
  readonly get: (timeoutMs: number) => Promise<KeyValue | undefined>;
  /** Sends once. */
  readonly txn: (txn: Txn, timeoutMs: number) => Promise<TxnReply>;
}

/**
 * Makes a key what it is to be, and where that loses its answer goes on until it is. It is tried again only where nobody
 * has written the key since: otherwise it may have been applied and overwritten, and a second time would show.
 * @throws WorldError `outcome-unknown` where somebody else wrote the key meanwhile, or the time is over.
 */
export async function ensureValue(
  desired: DesiredValue,
  calls: EnsureValueCalls,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: CallOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const lost = await unknownOutcomeOf(calls.txn(firstAttempt(desired), timeoutMs));
  if (lost === undefined) return;
  while (!(await isSettled(desired, calls, deadline, lost)));
}

/** @throws `lost` where nothing more can be done. */
async function isSettled(
  { key, value }: DesiredValue,
  { lastRevision, get, txn }: EnsureValueCalls,
  deadline: number,
  lost: WorldError,
): Promise<boolean> {
  const leftMs = deadline - performance.now();
  if (leftMs <= 0) throw lost;
  const found = await get(leftMs).catch((error: unknown) => {
    throw error instanceof WorldError ? lost : error;
  });
  if (value === undefined ? found === undefined : found?.value.equals(Buffer.from(value))) return true;
  if (found === undefined || lastRevision === 0n || found.modRevision > lastRevision) throw lost;
  const fenced = { compare: [unchangedSince(found)], success: [opFor(key, value)] };
  // Whether it was applied, was not, or nobody knows: what the key holds is looked at again.
  await unknownOutcomeOf(txn(fenced, Math.max(1, deadline - performance.now())));
  return false;
}

/** The failure where it is only that the outcome is unknown; others are thrown. */
async function unknownOutcomeOf(attempt: Promise<unknown>): Promise<WorldError | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (error instanceof WorldError && error.code === 'outcome-unknown') return error;
    throw error;
  }
}

/**
 * Writes a value that differs in `success`, and not where it is the same in `failure`, which would be the same to us: etcd
 * counts what a transaction writes against its quota only where it can see it. A key that is not there has no value that
 * could differ.
 */
function firstAttempt({ key, value }: DesiredValue): Txn {
  const op = opFor(key, value);
  if (value === undefined) return { success: [op] };
  const differs: Compare = { key, target: 'value', relation: '!=', to: value };
  return {
    compare: [differs],
    success: [op],
    failure: [{ txn: { compare: [absent(key)], success: [op] } }],
  };
}

function opFor(key: string, value: string | Buffer | undefined): TxnOp {
  return value === undefined ? { delete: key } : { put: key, value };
}
