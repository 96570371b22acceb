import { z } from 'zod';
import { SERVER_STATES } from '../../agent/control/control-protocol.js';
import type { AppSummary } from '../apps/read-apps.js';
import type { DeploySummary } from '../deploy/read-deploys.js';
import { type FleetStatus, type HostStatus, PROBLEM_CODES } from '../status/fleet-status.js';
import type { WatchedFleet } from '../top/follow-fleet.js';
import { type CommandOutputs, lines, value } from './command-output.js';
import {
  appName,
  bytes,
  deployId,
  hostname,
  hostnames,
  labels,
  member,
  moment,
  sentence,
  verdict,
  verdictOrRunning,
} from './common-shapes.js';
import { describing } from './describing.js';
import { eventOutput } from './event-output.js';

const appState = {
  deploy: deployId.describe('The id of the deploy that runs.'),
  state: z.enum(['well', 'unwell', 'unknown']).describe("`unknown` while the host's agent is not running."),
  since: moment.describe('Since when it has been as it is; for `unknown`, when it was seen last: ISO 8601.'),
  problem: z.string().describe('What is wrong, in words; empty if nothing is.'),
};

export const hostStatus = describing<HostStatus>()(
  z.object({
    hostname,
    alive: z.boolean().describe("Whether its agent's session is alive."),
    role: z.enum(['voter', 'learner', 'client']).describe('`client`: it runs no etcd.'),
    converged: z.boolean().nullable().describe('Null when it reports nothing.'),
    version: z.string().exactOptional().describe("Of its agent's hawser; absent while it does not run."),
    since: moment
      .exactOptional()
      .describe('When it joined the fleet, ISO 8601; absent for a host that does not belong to it.'),
    labels: labels.exactOptional(),
    disk: z
      .object({ totalBytes: z.number(), freeBytes: z.number() })
      .exactOptional()
      .describe("The room for the agent's data."),
    clockAheadMs: z.number().exactOptional().describe("How far its clock is ahead of most others'."),
    apps: z.array(z.object({ app: appName, ...appState })),
  }),
);

function problemWith(codes: readonly [string, ...string[]]) {
  return z.object({
    code: z.enum(codes),
    host: hostname.nullable().describe('Null for the fleet as a whole.'),
    app: appName.exactOptional(),
    message: z.string().describe('What is wrong, and what to do.'),
  });
}

export const problem = problemWith(PROBLEM_CODES);

const deploySummary = describing<DeploySummary>()(
  z.object({
    id: deployId,
    app: appName.describe('Empty for a deploy by another program, as are `message` and `author`.'),
    message: z.string(),
    author: z.string(),
    origin: z
      .object({
        user: z.string(),
        machine: z.string(),
        git: z.string().exactOptional(),
        sshKey: z.string().exactOptional(),
      })
      .nullable()
      .describe('Who made it, and from where, as far as is known.'),
    action: z.string().describe('`deploy`, `restart`, `remove` or `rollback`; empty where unknown.'),
    createdAt: moment.describe('ISO 8601; empty where unknown.'),
    hash: z.string().describe('The git commit; empty for one made without git.'),
    tree: z.string().describe('What it runs: `hawser fs ls --fs deploy/TREE` lists it. Empty where unknown.'),
    verdict: z.enum([...verdict.options, 'running', 'unknown']),
  }),
);

const fleetStatus = {
  ok: z.boolean().describe('Whether there is no problem.'),
  fleet: z
    .object({ uuid: z.string(), generation: z.int() })
    .nullable()
    .describe('The identity of the fleet; null if its cluster has none.'),
  hosts: z.array(hostStatus),
  members: z.array(member),
  cluster: z.object({
    leader: z.string().nullable().describe('The name of the leader; null while there is none.'),
    dbSizeBytes: bytes,
    dbSizeInUseBytes: bytes,
    alarms: z.array(z.object({ member: z.string(), kind: z.enum(['Nospace', 'Corrupt']) })),
  }),
  idealClusterSize: z.int().nullable().describe('Null if what is stored is no size.'),
  converged: z.boolean().describe('Whether every live agent is converged.'),
  deploy: deploySummary.nullable().describe('The newest deploy; null before the first.'),
};

const status = describing<Omit<FleetStatus, 'problems'>>()(
  z.object({
    ...fleetStatus,
    convergedForMs: z.number().exactOptional().describe('For how long, with --wait-converged.'),
    problems: z.array(problem).describe('The most serious first.'),
  }),
);

/** What an agent says of its server. */
export const serverReport = z.object({
  state: z.enum(SERVER_STATES),
  memberId: z.string().optional(),
  clusterId: z.string().optional(),
  revision: z.string().optional().describe('The newest that it has applied, decimal.'),
  raftTerm: z.string().optional(),
  raftIndex: z.string().optional(),
  dbSizeBytes: z.number().optional(),
  members: z.array(z.object({ name: z.string(), id: z.string(), peerUrls: z.array(z.string()) })).optional(),
  clientUrls: z.array(z.string()).optional(),
  dataFolder: z.boolean().describe('Whether there is data, whatever runs.'),
});

const statusBySsh = z
  .object({
    ok: z.literal(false),
    hosts: z.array(
      z.object({
        hostname,
        alive: z.boolean(),
        role: z.enum([...SERVER_STATES, 'unknown']),
        version: z.string().optional(),
        apps: z.array(z.never()),
        server: serverReport.optional(),
        message: sentence.optional(),
      }),
    ),
    problems: z.array(problemWith(['unavailable', 'agent-gone', 'unreachable'])),
  })
  .describe('While etcd does not answer: what the agents say by SSH.');

const top = describing<Omit<WatchedFleet, 'problems' | 'deploys' | 'convergedForMs'>>()(
  z.object({
    ...fleetStatus,
    problems: z.array(problemWith([...PROBLEM_CODES, 'unavailable'])),
    deploys: z
      .array(
        z.object({
          id: deployId,
          app: appName,
          phase: z.enum(['running', 'paused', 'going-back']),
          hosts: z.record(z.string(), z.int()).describe('How many hosts are in each state.'),
        }),
      )
      .describe('Those that are under way, or wait for a person.'),
  }),
);

const app = describing<AppSummary>()(
  z.object({
    app: appName,
    newest: deployId.describe('Its newest deploy; 0 for none.'),
    verdict: verdictOrRunning,
    hosts: z.array(z.object({ hostname, ...appState })),
    schedule: z
      .object({
        namespace: z.string(),
        maxCount: z.int().nullable(),
        strategy: z.string(),
        chosen: hostnames.describe('The hosts that are chosen now, sorted.'),
      })
      .nullable()
      .describe('What decides where it runs; null where that is its `hosts`.'),
    lock: z
      .object({ id: z.string(), by: z.string(), reason: z.string(), since: moment, until: moment.optional() })
      .nullable()
      .describe('Who keeps others from changing it.'),
  }),
);

export const appSchedule = app.shape.schedule;
export const deploySummaries = z.array(deploySummary);

const doctor = z.object({
  ok: z.boolean(),
  hosts: z.array(
    z.object({
      host: z.string(),
      destination: z.string().describe('user@host:port'),
      ok: z.boolean(),
      checks: z.array(
        z.object({ check: z.string(), state: z.enum(['ok', 'skipped', 'wrong']), said: sentence }),
      ),
      problem: z
        .object({ check: z.string(), code: z.string(), message: sentence, remedy: z.string() })
        .nullable()
        .describe('The first thing that is wrong.'),
    }),
  ),
});

/** Of the commands that show how things are. */
export const statusOutputs: CommandOutputs = {
  status: value(z.union([status, statusBySsh])),
  top: lines(top),
  events: lines(eventOutput),
  apps: value(z.array(app)),
  doctor: value(doctor),
};
