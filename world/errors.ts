/**
 * What went wrong, as far as a caller can act on it:
 * - `not-found`: the key, deploy, member, lease or tree does not exist.
 * - `conflict`: the stored state does not allow the operation (an id is taken, a hash differs, a hostname is in use).
 * - `unavailable`: no endpoint answered in time, and nothing was read or written; it is safe to retry later.
 * - `outcome-unknown`: a write was sent but its answer was lost; it may or may not have been applied.
 * - `permission-denied`: etcd requires a user with more rights.
 * - `compacted`: the requested revision no longer exists.
 * - `no-space`: etcd's database has reached its quota.
 * - `too-large`: a value or request exceeds etcd's limits (1.5 MiB, 128 operations), or a tree exceeds hawser's.
 * - `unsafe`: writing to this machine would follow a link or leave the given directory.
 * - `other-fleet`: the endpoints that answered belong to another fleet; nothing was changed there.
 * - `invalid`: an argument, or something stored, is not valid.
 * - `not-converged`: the fleet did not converge in time.
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

/** Details besides the message. */
export interface WorldErrorFields {
  /** The key concerned, without the namespace. */
  readonly key?: string | undefined;
  /** The endpoint that was asked. */
  readonly endpoint?: string | undefined;
  /** For `compacted`: the oldest revision that still exists, if etcd reports it. */
  readonly revision?: bigint | undefined;
  /** For `not-converged`: the hosts that have not converged, each with the reason. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
  /** The original error text of etcd or gRPC. */
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

/** The only error that the World and its client throw; after an abort they reject with `signal.reason` instead. */
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
