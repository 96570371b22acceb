import type { DiskRoom } from '../../world/agents/host-health.js';
import type { Member } from '../../world/client/member-types.js';
import type { FleetIdentity } from '../../world/fleet/identity-codec.js';
import type { DeploySummary } from '../deploy/read-deploys.js';

export type Role = 'voter' | 'learner' | 'client';

export interface HostStatus {
  readonly hostname: string;
  /** Whether its agent's session is alive. */
  readonly alive: boolean;
  readonly role: Role;
  /** Whether it reports to be converged; null when it reports nothing. */
  readonly converged: boolean | null;
  readonly version?: string;
  /** When it joined the fleet, ISO 8601; absent for a host that does not belong to it. */
  readonly since?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The room for the agent's data; absent while its agent is not running, and from older agents. */
  readonly disk?: DiskRoom;
  /** How far its clock is ahead of most others', in milliseconds, where that was compared. */
  readonly clockAheadMs?: number;
  /** What runs on it, sorted by name. */
  readonly apps: readonly HostApp[];
}

/** An app as it is on a host. */
export interface HostApp {
  readonly app: string;
  /** The deploy that runs. */
  readonly deploy: number;
  /** `unknown` while the host's agent is not running. */
  readonly state: 'well' | 'unwell' | 'unknown';
  /** Since when it has been as it is; for `unknown`, when it was seen last: ISO 8601. */
  readonly since: string;
  /** What is wrong, in words; empty if nothing is. */
  readonly problem: string;
}

/** The etcd cluster, as the member that was asked has it. */
export interface ClusterStatus {
  /** The name of the leader; null while there is none. */
  readonly leader: string | null;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  readonly alarms: readonly { readonly member: string; readonly kind: 'Nospace' | 'Corrupt' }[];
}

export interface FleetStatus {
  /** Whether there is no problem. */
  readonly ok: boolean;
  /** The identity of the fleet; null if its cluster has none. */
  readonly fleet: FleetIdentity | null;
  readonly hosts: readonly HostStatus[];
  readonly members: readonly Member[];
  /** The etcd cluster as a whole. */
  readonly cluster: ClusterStatus;
  /** Null if what is stored is no size. */
  readonly idealClusterSize: number | null;
  /** Whether every live agent is converged. */
  readonly converged: boolean;
  /** For how long, if that was waited for. */
  readonly convergedForMs?: number;
  /** The newest deploy; null before the first. */
  readonly deploy: DeploySummary | null;
  /** Known problems; empty if there are none. */
  readonly problems: readonly Problem[];
}

/** Something that a person should know of, with what to do. */
export interface Problem {
  readonly code: ProblemCode;
  readonly host: string | null;
  /** The app that it is about, if it is about one. */
  readonly app?: string;
  readonly message: string;
}

/**
 * The most serious first. `alarm-nospace`, `alarm-corrupt`: etcd has raised that alarm; `no-leader`; `few-members`: one more loss would
 * cost the cluster its majority; `disk-full`, `disk-low`; `agent-gone`: the agent of a host is not running; `deploy-paused`: hosts
 * failed, and a person has to decide; `app-unwell`: an app does not run as it should; `secret-missing`: a host has no key
 * for a secret of an app that it is to run; `app-missing`: an app does not run where its schedule has it run; `moved`: the other servers expect a host at
 * an address that it no longer has; `clock`: the clock of a host is off; `certificate-expires`: the certificate of its server
 * is in the last third of its life; `authority-expires`: that of the authority is, which is no single host's.
 */
export const PROBLEM_CODES = [
  ...(['alarm-nospace', 'alarm-corrupt', 'no-leader', 'few-members', 'disk-full', 'agent-gone'] as const),
  ...([
    'deploy-paused',
    'app-unwell',
    'secret-missing',
    'app-missing',
    'disk-low',
    'moved',
    'clock',
    'certificate-expires',
  ] as const),
  'authority-expires',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];
