import type { DeployEntry } from '../releases/release-entry.js';

/** How far the fleet is with a deploy, as far as one host has to know. */
export interface RolloutState {
  /** Whether this host may switch; always true where the hosts of a deploy do not wait for each other. */
  readonly isAdmitted: boolean;
  /** Whether a person has confirmed the deploy, for one that asks for it. */
  readonly isConfirmed: boolean;
  /** Whether hosts that have switched go back. */
  readonly isGoingBack: boolean;
}

/** What an app is to be on this host. */
export interface WantedDeploy {
  readonly entry: DeployEntry;
  readonly rollout: RolloutState;
}
