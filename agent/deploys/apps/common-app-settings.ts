import type { Log } from '../../../world/internal.js';
import type { ProcessMark } from '../../processes/process-mark.js';
import type { ProcessHost } from '../processes/process-host.js';
import type { HostIdentity } from '../secrets/host-identity.js';

/** What all apps of a host have in common. */
export interface AppSettings {
  readonly hostname: string;
  /** The agent's directory; the apps are in `apps/`. */
  readonly prefix: string;
  /** The environment that apps inherit. */
  readonly environment: NodeJS.ProcessEnv;
  /** The mark of the apps' processes. */
  readonly mark: ProcessMark;
  readonly processHost: ProcessHost;
  /** Whom apps run as that name no user. Default: the agent's own user. */
  readonly defaultUser: string | undefined;
  /** With which this host decrypts secrets. */
  readonly identity: HostIdentity;
  readonly log: Log;
}
