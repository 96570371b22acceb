import { untilAborted } from '../../../base/abort.js';
import type { RpcOptions } from '../calls/etcd-rpc.js';
import type { ServiceError } from '../internals/grpc-js.js';
import { Metadata, status } from '../internals/grpc-js.js';

/** Waits for a task shared with other calls, at most until this call's deadline or until one of its signals aborts. */
export async function untilFleetKnown(
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
  const details = 'Deadline exceeded after asking which fleet it is';
  return Object.assign(new Error(details), {
    code: status.DEADLINE_EXCEEDED,
    details,
    metadata: new Metadata(),
  });
}
