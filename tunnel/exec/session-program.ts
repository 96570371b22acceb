/**
 * What a host runs: a line for the login user's shell, that shell itself, or a subsystem of its sshd, such as `sftp`.
 */
export type SessionProgram = string | { readonly subsystem: string } | { readonly shell: true };

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A pseudo-terminal that the host makes for a command. */
export interface Pty extends TerminalSize {
  /** As in `TERM`. */
  readonly term: string;
}
