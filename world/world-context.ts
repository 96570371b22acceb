import type { Log } from '../base/log.js';
import type { Client } from './client/client.js';

/** What the parts of one World share. */
export interface WorldContext {
  readonly client: Client;
  /** The World's own hostname: the owner of what it writes. */
  readonly hostname: string;
  readonly log: Log | undefined;
}
