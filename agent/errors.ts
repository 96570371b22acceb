/** Why an agent failed; each code calls for a different reaction. */
export type AgentErrorCode =
  /** An option that {@link EmbdEtcd.validate} refuses. */
  | 'invalid'
  /** There is no etcd program, or it cannot be executed. */
  | 'no-etcd'
  /** The etcd program is too old. */
  | 'etcd-too-old'
  /** Another process uses an address that this agent needs, or its prefix. */
  | 'in-use'
  /** The file system of the prefix is full. */
  | 'disk-full'
  /** This host belongs to, or would join, a different cluster than requested. */
  | 'other-cluster'
  /**
   * This host has no data and no seeds, and either was not told to create a new cluster or belongs to a fleet
   * already.
   */
  | 'no-fleet'
  /** Other users could connect to this agent's server, or change files it uses, and nobody allowed that. */
  | 'unsafe'
  /** The etcd server did not start, or exited unexpectedly. */
  | 'server-failed'
  /** The cluster did not accept this host as a member. */
  | 'join-failed'
  /** A deploy could not be applied to this host. */
  | 'apply-failed';

/** A failure of the agent on its host, in one sentence for the operator. */
export class AgentError extends Error {
  readonly code: AgentErrorCode;
  /** The last lines that the failed program wrote, if any. */
  readonly logTail: string | undefined;

  constructor(code: AgentErrorCode, message: string, options: { cause?: unknown; logTail?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentError';
    this.code = code;
    this.logTail = options.logTail;
  }
}
