import type { Log } from '../../base/log.js';
import type { HostConnections } from '../hosts/host-connections.js';
import type { SudoPasswords } from '../setup/host/sudo-passwords.js';
import type { CommandInput } from './open-input.js';
import type { WantedCommand } from './remote-line.js';

/** A run of one command on many hosts. */
export interface CommandRun {
  readonly command: WantedCommand;
  /** As root, by these passwords; undefined as whoever logs in. */
  readonly sudo: SudoPasswords | undefined;
  /** How long the command may take on one host, in milliseconds; undefined for ever. */
  readonly timeoutMs: number | undefined;
  /** What the command reads on each host; undefined for nothing. */
  readonly input: CommandInput | undefined;
  readonly connections: HostConnections;
  readonly log: Log;
  /** Ends the command on all hosts. */
  readonly signal: AbortSignal;
}

/** Takes what a command writes on one host. An error of it ends the command there. */
export interface OutputTaker {
  take(bytes: Buffer, stream: 'stdout' | 'stderr'): Promise<void>;
  /** No more of it comes. */
  end(stream: 'stdout' | 'stderr'): Promise<void>;
}
