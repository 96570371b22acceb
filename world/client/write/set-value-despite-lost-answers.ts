import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import { DEFAULT_TIMEOUT_MS } from '../calls/call-runner.js';
import type { TxnReply } from '../client-types.js';
import type { KeyValue } from '../key-value.js';
import { absent, type Compare, type Txn, type TxnOp, unchangedSince } from '../txn/transaction.js';

/** The value that a key should have; undefined if it should not exist. */
export interface DesiredValue {
  readonly key: string;
  readonly value: string | Buffer | undefined;
}

/** The calls that {@link writeUntilSettled} needs. */
export interface EnsureValueCalls {
  /** The newest revision that the client had seen before; 0 if none. */
  readonly lastRevision: bigint;
  readonly get: (timeoutMs: number) => Promise<KeyValue | undefined>;
  /** Sends once. */
  readonly txn: (txn: Txn, timeoutMs: number) => Promise<TxnReply>;
}

/**
 * Gives a key its desired value and, if the answer is lost, retries until it has it. It retries only if no other client
 * has written the key since: otherwise the first attempt may have been applied and overwritten, and a second would show.
 * @throws WorldError `outcome-unknown` if another client wrote the key meanwhile, or after the timeout.
 */
export async function writeUntilSettled(
  desired: DesiredValue,
  calls: EnsureValueCalls,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: CallOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const lost = await unknownOutcomeOf(calls.txn(firstAttempt(desired), timeoutMs));
  if (lost === undefined) return;
  while (!(await isSettled(desired, calls, deadline, lost)));
}

/** @throws `lost` if nothing more can be done. */
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
  // Whether or not it was applied, the key is read again.
  await unknownOutcomeOf(txn(fenced, Math.max(1, deadline - performance.now())));
  return false;
}

/** The error of an attempt with an unknown outcome; other errors are thrown. */
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
 * Writes in `success`, if the value differs, rather than in `failure`, if it is the same, because etcd counts only
 * visible puts against its quota. A key that does not exist has no value that could differ, hence the inner transaction.
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
