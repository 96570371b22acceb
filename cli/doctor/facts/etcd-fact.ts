import type { Agent } from '../../../world/agents/registered-agents.js';
import type { Alarm } from '../../../world/client/cluster-requests.js';
import type { Member, MemberStatus } from '../../../world/client/member-types.js';
import type { WorldError } from '../../../world/errors.js';

/** What the etcd of a fleet says, asked on the host itself or, where none runs there, through the others. */
export interface EtcdFact {
  /** Undefined where nothing could be asked. */
  readonly through: 'host' | 'others' | undefined;
  /** Of the member that was asked, which answers without a majority too. */
  readonly status?: MemberStatus | undefined;
  /** Why it does not answer at all, or why not as the World needs it. */
  readonly error?: Error | undefined;
  readonly members: readonly Member[];
  readonly alarms: readonly Alarm[];
  /** What the World holds. Undefined where it could not be read. */
  readonly world?: WorldFact | undefined;
}

/** What the World holds of the host. */
export interface WorldFact {
  /** The uuid; undefined for a cluster without one. */
  readonly fleet: string | undefined;
  readonly agents: ReadonlyMap<string, Agent>;
  /** The name of the host there. */
  readonly hostname: string;
  /** Other prefixes of the same etcd below which a fleet is, if there is none below ours. */
  readonly otherNamespaces: readonly string[];
}

/** Whether an error says that the etcd is another fleet's. */
export function isOtherFleet(error: Error | undefined): boolean {
  return error !== undefined && (error as WorldError).code === 'other-fleet';
}
