import type { WorldErrorCode } from '../../errors.js';
import type { ServiceError } from '../internals/grpc-js.js';
import { status } from '../internals/grpc-js.js';

/**
 * What a failed call means:
 * - `refused`: etcd rejected it; a retry gives the same answer.
 * - `not-sent`: certainly nothing was applied; a retry, or another endpoint, may succeed.
 * - `unknown`: the answer was lost; a write may have been applied.
 */
export type Outcome = 'refused' | 'not-sent' | 'unknown';

export interface CallFailure {
  readonly outcome: Outcome;
  /** For `refused`: the code to report. */
  readonly code: WorldErrorCode;
  /** The link or the endpoint failed, so another endpoint is worth trying. */
  readonly link: boolean;
}

interface Row {
  readonly code: number;
  readonly details: RegExp;
  readonly failure: CallFailure;
}

const refused = (code: WorldErrorCode): CallFailure => ({ outcome: 'refused', code, link: false });
const notSent = (link: boolean): CallFailure => ({ outcome: 'not-sent', code: 'unavailable', link });
const unknown: CallFailure = { outcome: 'unknown', code: 'outcome-unknown', link: true };

/** Where the status code is ambiguous, only the text of etcd or grpc-js decides; the first match counts. */
const ROWS: readonly Row[] = [
  { code: status.UNAVAILABLE, details: /^No connection established/, failure: notSent(true) },
  { code: status.UNAVAILABLE, details: /^Name resolution failed/, failure: notSent(true) },
  { code: status.UNAVAILABLE, details: /^Channel closed before call started/, failure: notSent(true) },
  { code: status.UNAVAILABLE, details: /^Stream refused by server/, failure: notSent(true) },
  { code: status.INTERNAL, details: /^Failed to start HTTP\/2 stream/, failure: notSent(true) },
  { code: status.UNAVAILABLE, details: /rpc not supported for learner/, failure: notSent(true) },
  { code: status.FAILED_PRECONDITION, details: /rpc not supported for learner/, failure: notSent(true) },
  { code: status.UNAVAILABLE, details: /: no leader$/, failure: notSent(true) },
  // The member dropped it before it reached the raft log, because leadership was being transferred or was lost.
  { code: status.UNKNOWN, details: /raft proposal dropped/, failure: notSent(false) },
  { code: status.UNAVAILABLE, details: /unhealthy cluster/, failure: refused('unavailable') },
  { code: status.UNAVAILABLE, details: /not capable/, failure: refused('unavailable') },
  // Without a connection grpc-js reports what it waited for; with one, the remote address.
  {
    code: status.DEADLINE_EXCEEDED,
    details: /^Deadline exceeded after (?!.*remote_addr=)/,
    failure: notSent(true),
  },
  { code: status.RESOURCE_EXHAUSTED, details: /database space exceeded/, failure: refused('no-space') },
  { code: status.RESOURCE_EXHAUSTED, details: /larger than max/, failure: refused('too-large') },
  { code: status.RESOURCE_EXHAUSTED, details: /too many requests/, failure: notSent(false) },
  { code: status.INVALID_ARGUMENT, details: /too large|too many operations/, failure: refused('too-large') },
  {
    code: status.INVALID_ARGUMENT,
    details: /user name is empty|authentication|auth token/,
    failure: refused('permission-denied'),
  },
  // The maintenance service passes on the text of its permission check unchanged.
  {
    code: status.UNKNOWN,
    details: /^auth: (?:permission denied|user name is empty)/,
    failure: refused('permission-denied'),
  },
  { code: status.OUT_OF_RANGE, details: /compacted/, failure: refused('compacted') },
];

const BY_CODE: ReadonlyMap<number, CallFailure> = new Map([
  [status.INVALID_ARGUMENT, refused('invalid')],
  [status.OUT_OF_RANGE, refused('invalid')],
  [status.UNIMPLEMENTED, refused('invalid')],
  [status.NOT_FOUND, refused('not-found')],
  [status.ALREADY_EXISTS, refused('conflict')],
  [status.FAILED_PRECONDITION, refused('conflict')],
  [status.PERMISSION_DENIED, refused('permission-denied')],
  [status.UNAUTHENTICATED, refused('permission-denied')],
]);

/** Classifies a failed call by its gRPC status. */
export function classifyFailure(failure: { readonly code: number; readonly details: string }): CallFailure {
  const row = ROWS.find(
    (candidate) => candidate.code === failure.code && candidate.details.test(failure.details),
  );
  return row?.failure ?? BY_CODE.get(failure.code) ?? unknown;
}

/** Classifies etcd's reason for cancelling a watch: a gRPC status in Go's format, or only its description. */
export function classifyReason(reason: string): CallFailure {
  const [, name = '', details = reason] = /^rpc error: code = (\w+) desc = (.*)$/s.exec(reason) ?? [];
  const code = NAMES.get(name.toLowerCase());
  if (code !== undefined) return classifyFailure({ code, details });
  return classifyFailure({
    code: /permission denied/.test(reason) ? status.PERMISSION_DENIED : status.UNKNOWN,
    details,
  });
}

/** gRPC writes INVALID_ARGUMENT where Go writes InvalidArgument. */
const NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries(status).flatMap(([name, code]) =>
    typeof code === 'number' ? [[name.replaceAll('_', '').toLowerCase(), code] as const] : [],
  ),
);

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
