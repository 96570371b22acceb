import type { ServiceError } from '@grpc/grpc-js';
import { onAbort } from '../../../base/abort.js';
import { Metadata, status } from '../internals/grpc-js.js';
import type { RpcOptions } from './rpc.js';

/** Waits for a task that others share as a call waits for its answer: until its deadline, and until a signal aborts. */
export async function within(
  task: Promise<void> | undefined,
  { signals, deadline }: Pick<RpcOptions, 'signals' | 'deadline'>,
): Promise<void> {
  if (task === undefined) return;
  let stop = (): void => undefined;
  const over = new Promise<void>((_, reject) => {
    const timer = setTimeout(() => reject(late()), Math.max(0, deadline - Date.now()));
    const unlisten = onAbort(signals, () => reject(late()));
    stop = () => {
      clearTimeout(timer);
      unlisten();
    };
  });
  try {
    await Promise.race([task, over]);
  } finally {
    stop();
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
