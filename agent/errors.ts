/** What an agent can fail with; a caller acts differently on each. */
export type AgentErrorCode =
  /** An option that {@link EmbdEtcd.validate} refuses. */
  | 'invalid'
  /** No etcd program, or one that cannot be executed. */
  | 'no-etcd'
  /** The etcd program is older than what works. */
  | 'etcd-too-old'
  /** An address that this agent needs, or its prefix, is used by another process. */
  | 'in-use'
  /** The file system of the prefix is full. */
  | 'disk-full'
  /** This host belongs, or would come, to another cluster than the one that was asked for. */
  | 'other-cluster'
  /** This host has no data and no seeds, and was not told to make a new cluster, or belongs to a fleet already. */
  | 'no-fleet'
  /** Other users could enter what this agent serves, or change what it uses, and nobody said that it is meant. */
  | 'unsafe'
  /** The etcd server did not start, or ended when it should not have. */
  | 'server-failed'
  /** The cluster did not take this host in as a member. */
  | 'join-failed'
  /** A deploy could not be applied to this host. */
  | 'apply-failed';

/** A failure of the agent on its host, in one sentence for the operator. */
export class AgentError extends Error {
  readonly code: AgentErrorCode;
  /** The last lines that the failed program wrote, where there was one. */
  readonly logTail: string | undefined;

  constructor(code: AgentErrorCode, message: string, options: { cause?: unknown; logTail?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentError';
    this.code = code;
    this.logTail = options.logTail;
  }
}
