import type { Duplex } from 'node:stream';
import type { TunnelError } from '../../../errors.js';

/** The stream that an SSH connection runs over. */
export interface Ssh2Socket {
  readonly stream: Duplex;
  /** Switches TCP keepalive on; only for a direct TCP connection. */
  keepAlive?(): void;
  /** Cuts it immediately. */
  destroy(): void;
  /**
   * Cuts it and everything below it, within about 1 s. Idempotent.
   * @returns why it had ended already, if something below it knows
   */
  close(): Promise<TunnelError | undefined>;
}
