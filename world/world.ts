import type { AgentsWorld } from './agents/registered-agents.js';
import type { ConvergenceWorld } from './agents/wait-converged.js';
import type { EndpointsWorld } from './cluster/advertised-endpoints.js';
import type { ClusterSizeWorld } from './cluster/ideal-cluster-size.js';
import type { MembersWorld } from './cluster/watch-members.js';
import type { DeployWorld } from './deploys/deploy-log.js';
import type { ReportWorld } from './deploys/reports.js';
import type { RolloutWorld } from './deploys/rollout/rollouts.js';
import type { FsWorld } from './fs/file-systems.js';
import type { LockWorld } from './locks-api.js';
import type { ResWorld } from './resources/exported-resources-api.js';
import type { SchedulerWorld } from './scheduler/scheduler-api.js';
import type { StrMapWorld } from './strings/string-maps.js';
import type { StrWorld } from './strings/strings.js';

/** What each host and each controller uses to communicate with the rest of the fleet. */
export interface World
  extends StrWorld,
    StrMapWorld,
    ResWorld,
    DeployWorld,
    ReportWorld,
    RolloutWorld,
    FsWorld,
    AgentsWorld,
    ConvergenceWorld,
    LockWorld,
    MembersWorld,
    ClusterSizeWorld,
    EndpointsWorld,
    SchedulerWorld,
    AsyncDisposable {
  /** This World's name in the fleet: the owner of its string-map values, reports and exports. */
  readonly hostname: string;
  /** Ends watches, releases sessions and closes connections; idempotent. */
  close(): Promise<void>;
}
