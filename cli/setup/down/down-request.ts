import type { OutputOptions } from '../../output/print.js';
import type { SetupRequest } from '../host/connect-options.js';

/** What `hawser down` was called with. */
export interface DownRequest extends OutputOptions, SetupRequest {
  /** A selection of hosts. */
  readonly hosts?: string | undefined;
  readonly all: boolean;
  readonly gone: boolean;
  readonly force: boolean;
  readonly keepData: boolean;
  readonly fleet?: string | undefined;
}
