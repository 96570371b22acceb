import type { ServiceError } from '@grpc/grpc-js';
import { untilAborted } from '../../../base/abort.js';
import { Metadata, status } from '../internals/grpc-js.js';
import type { RpcOptions } from './rpc.js';

/** Waits for a task that others share as a call waits for its answer: until its deadline, and until a signal aborts. */
export async function untilDeadline(
  task: Promise<void> | undefined,
  { signals, deadline }: Pick<RpcOptions, 'signals' | 'deadline'>,
): Promise<void> {
  if (task === undefined) return;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(late()), Math.max(0, deadline - Date.now()));
  try {
    await untilAborted(task, over.signal, ...signals);
  } finally {
    clearTimeout(timer);
  }
}

function late(): ServiceError {
  const details = 'Deadline exceeded after waiting for which fleet it is';
  return Object.assign(new Error(details), {
    code: status.DEADLINE_EXCEEDED,
    details,
    metadata: new Metadata(),
  });
}
