/** The command was called wrongly, or a file that it was given is wrong. */
export class UsageError extends Error {
  readonly code = 'usage';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** Why a file that came with a folder was not obeyed. */
export type TrustErrorCode =
  /** The person has not said that the folder may decide whom we talk to, or not since it was changed. */
  | 'not-trusted'
  /** Another user could have written it. */
  | 'not-yours';

/** A file says whom we talk to, and it is not known that the person wants that. */
export class TrustError extends Error {
  readonly code: TrustErrorCode;
  /** The file that is not obeyed. */
  readonly file: string;

  constructor(code: TrustErrorCode, file: string, message: string) {
    super(message);
    this.name = 'TrustError';
    this.code = code;
    this.file = file;
  }
}

/** Why a deploy did not go out or did not hold. */
export type DeployErrorCode =
  /** A dirty tree: what would be deployed is in no commit. */
  | 'dirty-tree'
  /** git cannot or will not say how the folder stands, or what it contains. */
  | 'git-refused'
  /** The newest deploy is not an ancestor of this commit. */
  | 'hash-chain'
  /** Somebody else deployed while the person was asked. */
  | 'overtaken'
  /** The person said no. */
  | 'declined'
  /** At least one host failed, was lost or did not answer in time. */
  | 'unhealthy';

export class DeployError extends Error {
  readonly code: DeployErrorCode;
  /** For `unhealthy`: the hosts that failed, with the reason. */
  readonly hosts: Readonly<Record<string, string>> | undefined;
  /** For `unhealthy`: what the apps wrote last. */
  readonly logTail: string | undefined;

  constructor(
    code: DeployErrorCode,
    message: string,
    details: { hosts?: Readonly<Record<string, string>>; logTail?: string } = {},
  ) {
    super(message);
    this.name = 'DeployError';
    this.code = code;
    this.hosts = details.hosts;
    this.logTail = details.logTail;
  }
}

/** Why a cluster that lost its quorum was not recovered. */
export type RecoverErrorCode =
  /** There is a cluster that works. */
  | 'has-quorum'
  /** Nobody said that it is to be done. */
  | 'not-confirmed'
  /** The person said no. */
  | 'declined'
  /** There is nothing to rebuild from. */
  | 'impossible'
  /** SSH let us into no host. */
  | 'unreachable'
  /** The cluster was rebuilt, but not everything is back. */
  | 'incomplete';

export class RecoverError extends Error {
  readonly code: RecoverErrorCode;
  /** For `incomplete`: the hosts that are not back, with the reason. */
  readonly hosts: Readonly<Record<string, string>> | undefined;

  constructor(code: RecoverErrorCode, message: string, hosts?: Readonly<Record<string, string>>) {
    super(message);
    this.name = 'RecoverError';
    this.code = code;
    this.hosts = hosts;
  }
}

/** The person said no. */
export class DeclinedError extends Error {
  readonly code = 'declined';

  constructor(message: string) {
    super(message);
    this.name = 'DeclinedError';
  }
}

/** ^C or SIGTERM. */
export class InterruptedError extends Error {
  readonly code = 'interrupted';
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super(`interrupted by ${signalName}`);
    this.name = 'InterruptedError';
    this.signalName = signalName;
  }
}
