import { createHash } from 'node:crypto';
import { onAbort } from '../../../base/abort.js';
import type { CallOptions } from '../../call-options.js';
import type { CallRunner } from '../calls/call-runner.js';
import type { Rpc } from '../calls/etcd-rpc.js';
import type { ServiceError } from '../internals/grpc-js.js';
import { status } from '../internals/grpc-js.js';

const ANSWER_TIMEOUT_MS = 4000;

/**
 * Grants the lease for a name, or renews it if it exists. Its id is derived from the name and the TTL, so that it can be
 * found again without asking; granting and renewing are tried in parallel, for one round trip.
 * @returns the id, in decimal.
 */
export async function grantLease(
  calls: CallRunner,
  name: string,
  ttlSeconds: number,
  options: CallOptions,
): Promise<string> {
  const id = leaseId(name, ttlSeconds);
  for (;;) {
    const [granted, renewed] = await Promise.all([
      grant(calls, id, ttlSeconds, options),
      renew(calls, id, options),
    ]);
    // Neither: it expired between the two.
    if (granted || renewed) return id;
  }
}

/** 63 bits, because ids are positive int64s; never 0, which would let etcd choose. */
function leaseId(name: string, ttlSeconds: number): string {
  const digest = createHash('sha256').update(`${ttlSeconds}\0${name}`).digest();
  return String((digest.readBigUInt64BE() >> 1n) | 1n);
}

async function grant(
  calls: CallRunner,
  id: string,
  ttlSeconds: number,
  options: CallOptions,
): Promise<boolean> {
  const run = async (rpc: Rpc): Promise<boolean> => {
    try {
      await rpc.lease.leaseGrant({ ID: id, TTL: ttlSeconds });
      return true;
    } catch (error) {
      // It exists, perhaps because of an earlier attempt whose answer was lost.
      if ((error as ServiceError).code === status.FAILED_PRECONDITION) return false;
      throw error;
    }
  };
  const { value } = await calls.perform(
    { kind: 'repeatable', what: `grant a lease of ${ttlSeconds} s`, run },
    options,
  );
  return value;
}

async function renew(calls: CallRunner, id: string, options: CallOptions): Promise<boolean> {
  const run = (rpc: Rpc): Promise<boolean> => keepAliveOnce(rpc, id, options.signal);
  const { value } = await calls.perform({ kind: 'repeatable', what: `renew lease ${id}`, run }, options);
  return value;
}

/** @returns whether the lease existed. */
async function keepAliveOnce(rpc: Rpc, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const stream = await rpc.lease.leaseKeepAlive();
  const late = setTimeout(() => stream.cancel(), ANSWER_TIMEOUT_MS);
  const unlisten = onAbort([signal], () => stream.cancel());
  try {
    return await new Promise<boolean>((resolve, reject) => {
      stream.on('data', (reply) => resolve(Number(reply.TTL) > 0));
      // Never removed: an error after the answer would crash the process.
      stream.on('error', reject);
      stream.on('end', () => resolve(false));
      stream.write({ ID: id });
    });
  } finally {
    clearTimeout(late);
    unlisten();
    stream.cancel();
  }
}
