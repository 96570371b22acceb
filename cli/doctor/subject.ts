import type { ResolvedDestination } from '../../tunnel/ssh-config/resolved-destination.js';

/** Who is examined, as far as judging needs it. */
export interface Subject {
  /** In the fleet; the destination as it was written where there is no fleet. */
  readonly name: string;
  /** Whether it is a host of a fleet, so that an agent is expected there. */
  readonly isFleetHost: boolean;
  /** Where the fleet file has the host's key: `FILE:LINE`. */
  readonly pinnedAt?: string | undefined;
  /** `user@host:port` */
  readonly place: string;
  readonly destination: ResolvedDestination;
  /** Where etcd serves on the host, as seen from there. */
  readonly seeds: readonly string[];
  /** Whether etcd's socket is entered through a command instead of a forward. */
  readonly usesBridge: boolean;
  /** The uuid of the fleet, if it is known. */
  readonly fleetId?: string | undefined;
  readonly namespace: string;
  /** This program. */
  readonly own: { readonly version: string; readonly protocol: number };
}

/** A command for the host as `ssh` runs it, to copy from a remedy. */
export function onHost({ destination: { user, port, alias } }: Subject, command: string): string {
  return `ssh ${port === 22 ? '' : `-p ${port} `}${user}@${alias} ${command}`;
}
