import type { Duplex } from 'node:stream';
import type { TunnelError } from '../../../errors.js';

/** What an SSH connection runs over. */
export interface Ssh2Socket {
  readonly stream: Duplex;
  /** Has TCP itself look whether the other side is there; only where it runs over TCP directly. */
  keepAlive?(): void;
  /** Cuts it at once. */
  destroy(): void;
  /**
   * Cuts it, with all that it leads through; bounded, idempotent.
   * @returns why it ended before, where what it leads through can say so
   */
  close(): Promise<TunnelError | undefined>;
}
