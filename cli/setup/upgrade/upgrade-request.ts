import type { OutputOptions } from '../../output/print.js';
import type { SetupRequest } from '../host/connect-options.js';

/** What `hawser upgrade` was called with. */
export interface UpgradeRequest extends OutputOptions, SetupRequest {
  /** A selection of hosts. Default: all. */
  readonly hosts?: string | undefined;
  readonly plan: boolean;
  readonly fleet?: string | undefined;
  readonly runtime?: string | undefined;
}
