import type { HostCertificate, HostHealth, NewestDeploy, RunningApp } from '../../world/internal.js';
import type { ServerState } from '../control/control-protocol.js';
import type { LastReport } from '../deploys/reports/deploy-reporter.js';

/** The etcd server of this host, as it says of itself. Numbers are absent while it does not answer. */
export interface ServerFigures {
  readonly state: ServerState;
  readonly version?: string | undefined;
  readonly dbSizeBytes?: number | undefined;
  readonly dbSizeInUseBytes?: number | undefined;
  readonly revision?: bigint | undefined;
  /** Absent while the server does not answer. */
  readonly hasLeader?: boolean | undefined;
  readonly voters?: number | undefined;
  readonly learners?: number | undefined;
  /** How many members have raised each alarm. */
  readonly alarms?: Readonly<Record<'nospace' | 'corrupt', number>> | undefined;
}

/** An agent's part in its fleet, as far as it knows without asking anybody. */
export interface AgentFigures {
  readonly hostname: string;
  readonly version: string;
  /** The uuid of the fleet; absent before this host belongs to one. */
  readonly fleet?: string | undefined;
  readonly isRegistered: boolean;
  readonly isElected: boolean;
  readonly isConverged: boolean;
  readonly health: HostHealth;
  /** Absent where no server with certificates runs. */
  readonly certificate?: HostCertificate | undefined;
  readonly server: ServerFigures;
}

/** What an agent knows of the apps of its host. */
export interface AppFigures {
  readonly running: ReadonlyMap<string, RunningApp>;
  /** By app and process, since the agent started. */
  readonly restarts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** The newest deploy of each app of the fleet, and what became of it. */
  readonly newest: ReadonlyMap<string, NewestDeploy>;
  /** What this host has reported last, by app. */
  readonly reports: ReadonlyMap<string, LastReport>;
  /** When this host last told the fleet something of its apps, in ms since the epoch; absent before that. */
  readonly toldAtMs?: number | undefined;
}

/** All that is shown of a host. */
export interface HostFigures {
  readonly agent: AgentFigures;
  readonly apps: AppFigures;
  /** When the agent's process started, in ms since the epoch. */
  readonly startedAtMs: number;
}
