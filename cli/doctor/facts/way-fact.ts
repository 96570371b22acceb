import type { TunnelError } from '../../../tunnel/errors.js';

/** Whether SSH leads to etcd on the host. */
export interface WayFact {
  /** The seed that was tried last, or that it leads to; undefined where no etcd is to be expected on the host. */
  readonly seed: string | undefined;
  /** Why it does not lead there. */
  readonly error?: TunnelError | undefined;
  /** Then, whether the SSH server forwards to another address. */
  readonly forwardsElsewhere?: boolean | undefined;
}
