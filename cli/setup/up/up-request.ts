import type { OutputOptions } from '../../output/print.js';
import type { SetupRequest } from '../host/connect-options.js';

/** What `hawser up` was called with. */
export interface UpRequest extends OutputOptions, SetupRequest {
  readonly destinations: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: ReadonlyMap<string, string>;
  readonly plan: boolean;
  /** Whether the fleet is to get a new authority. */
  readonly newAuthority: boolean;
  /** Whether users who are not root may be put into the group `hawser`. */
  readonly group: boolean;
  readonly name?: string | undefined;
  readonly fleet?: string | undefined;
  readonly clusterSize?: number | undefined;
  readonly runtime?: string | undefined;
  readonly etcd?: string | undefined;
  readonly useHostNode: boolean;
}
