/**
 * What went wrong, as far as a caller may act on it:
 * - `not-found`: the key, deploy, member, lease or tree does not exist.
 * - `conflict`: the state is not what the operation needs (an id is taken, a hash differs, a hostname is in use).
 * - `unavailable`: nothing was read or written because no endpoint answered in time; trying again later is safe.
 * - `outcome-unknown`: a write was sent and its answer was lost; it may or may not have been applied.
 * - `permission-denied`: etcd wants a user that may do this.
 * - `compacted`: the revision asked for is gone.
 * - `no-space`: the database of etcd is full (its quota).
 * - `too-large`: one value or request exceeds what etcd takes (1.5 MiB, 128 operations), or a tree what hawser takes.
 * - `unsafe`: writing it to this machine would follow a link or lead out of the folder that was named.
 * - `other-fleet`: what answered is of another fleet than the one in use, so nothing was changed there.
 * - `invalid`: what the caller gave, or what was found stored, cannot be right.
 * - `not-converged`: the fleet did not come to rest in time.
 * - `closed`: the client, world or session was closed.
 */
export type WorldErrorCode =
  | 'not-found'
  | 'conflict'
  | 'unavailable'
  | 'outcome-unknown'
  | 'permission-denied'
  | 'compacted'
  | 'no-space'
  | 'too-large'
  | 'unsafe'
  | 'other-fleet'
  | 'invalid'
  | 'not-converged'
  | 'closed';

/** What is known besides the message. */
export interface WorldErrorFields {
  /** The key concerned, without the namespace. */
  readonly key?: string | undefined;
  /** The endpoint that was asked. */
  readonly endpoint?: string | undefined;
  /** For `compacted`: the oldest revision that still exists, when etcd says it. */
  readonly revision?: bigint | undefined;
  /** For `not-converged`: the hosts that keep the fleet from rest, with what they say. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
  /** The words of etcd or of the link to it. */
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

/** The one error of the World and of its client. An abort is not one: it rejects with `signal.reason`. */
export class WorldError extends Error {
  override readonly name = 'WorldError';
  readonly code: WorldErrorCode;
  readonly key: string | undefined;
  readonly endpoint: string | undefined;
  readonly revision: bigint | undefined;
  readonly hosts: Readonly<Record<string, string>> | undefined;
  readonly reason: string | undefined;

  constructor(code: WorldErrorCode, message: string, fields: WorldErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.key = fields.key;
    this.endpoint = fields.endpoint;
    this.revision = fields.revision;
    this.hosts = fields.hosts;
    this.reason = fields.reason;
  }
}
