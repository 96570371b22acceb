import type { FleetEvent } from '../json-output/event-output.js';

export type { FleetEvent } from '../json-output/event-output.js';

type Unstamped<E> = E extends FleetEvent ? Omit<E, 'revision' | 'time'> : never;

/** What happened, without when. */
export type Happening = Unstamped<FleetEvent>;

export type EventType = FleetEvent['type'];

/** What happened at one revision. */
export interface Happened {
  readonly revision: bigint;
  readonly happenings: readonly Happening[];
}

/** The events by type, each as one that is said of the fleet, a host, a member, a deploy, an app or a problem. */
export const EVENT_TYPES = [
  ...(['watching', 'gap', 'disconnected', 'connected'] as const),
  ...(['host-joined', 'host-left', 'host-alive', 'host-gone'] as const),
  ...(['member-added', 'member-promoted', 'member-removed'] as const),
  ...(['deploy-recorded', 'deploy-phase', 'deploy-verdict'] as const),
  ...(['app-state', 'problem-appeared', 'problem-ended'] as const),
] as const satisfies readonly EventType[];
