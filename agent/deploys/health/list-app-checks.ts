import type { HealthCheck, Manifest } from '../../../world/internal.js';

/** A check of one process of an app, or of the app as a whole. */
export interface AppCheck {
  /** Undefined for the app as a whole. */
  readonly process: string | undefined;
  readonly check: HealthCheck;
}

/** All checks of an app: each of them must pass. */
export function checksOf({ processes = {}, health }: Manifest): AppCheck[] {
  const own = Object.entries(processes).flatMap(([process, { health: check }]) =>
    check === undefined ? [] : [{ process, check }],
  );
  return health === undefined ? own : [...own, { process: undefined, check: health }];
}
