/** Why a command did not do what it was asked to. */
export type CliErrorCode =
  /** The command was called wrongly, or a file that it was given is wrong. */
  | 'usage'
  /** The person said no. */
  | 'declined'
  /** Nobody confirmed it: there is no terminal to ask on, and no `--yes`. */
  | 'not-confirmed'
  /** The person has not said that a directory's file may decide whom we talk to, or not since it changed. */
  | 'not-trusted'
  /** Another user could have written a file that decides whom we talk to. */
  | 'not-yours'
  /** What would be deployed is in no commit. */
  | 'dirty-tree'
  /** git cannot or will not say how the directory stands, or what it contains. */
  | 'git-refused'
  /** The newest deploy is not an ancestor of this commit. */
  | 'hash-chain'
  /** Somebody else deployed while the person was asked. */
  | 'overtaken'
  /** A secret that an app needs is not set, or a host has no key to read it with. */
  | 'no-secret'
  /** The person's key did not sign the deploy. */
  | 'sign-failed'
  /** At least one host failed, was lost or did not answer in time. */
  | 'unhealthy'
  /** There is nothing to recover: a cluster works. */
  | 'has-quorum'
  /** There is nothing to rebuild a cluster from. */
  | 'impossible'
  /** No host could be logged in to. */
  | 'unreachable'
  /** The cluster was rebuilt, but not everything is back. */
  | 'incomplete'
  /** Somebody else is changing the host or the fleet right now. */
  | 'locked'
  /** A host belongs to another fleet. */
  | 'other-fleet'
  /** No host can take part, each for its own reason of safety. */
  | 'refused'
  /** Root cannot be reached on a host. */
  | 'no-sudo'
  /** What was asked for would cost the cluster its majority. */
  | 'no-quorum'
  /** No forward to the fleet runs in the background. */
  | 'not-running'
  /** At least one host was not set up, taken out or upgraded. */
  | 'failed'
  /** A path in the World or on this machine cannot be used; the system's own name for why, such as `ENOENT`. */
  | `E${string}`;

/** A failure of the command line itself. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  /** The hosts that failed, each with the reason. */
  readonly hosts: Readonly<Record<string, string>> | undefined;
  /** For `unhealthy`: what the apps wrote last. */
  readonly logTail: string | undefined;

  constructor(
    code: CliErrorCode,
    message: string,
    details: ErrorOptions & { hosts?: Readonly<Record<string, string>>; logTail?: string } = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.hosts = details.hosts;
    this.logTail = details.logTail;
  }
}

/** Ctrl-C or SIGTERM. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly code = 'interrupted';
  readonly signalName: NodeJS.Signals;
  /** Whether the person has to read the message: what was begun goes on, or may do. */
  readonly isTelling: boolean;

  /** @param consequence what goes on although the command was interrupted; a sentence */
  constructor(signalName: NodeJS.Signals, consequence?: string) {
    super(consequence ?? `interrupted by ${signalName}`);
    this.signalName = signalName;
    this.isTelling = consequence !== undefined;
  }
}
