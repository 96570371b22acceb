import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { RUNNING_PREFIX } from '../keys.js';

export const PROCESS_STATES = ['starting', 'running', 'restarting', 'stopped'] as const;

/** How one process of an app is. */
export interface RunningProcess {
  /** `starting` and `restarting` until it has run for its settling time. */
  readonly state: (typeof PROCESS_STATES)[number];
  readonly pid?: number | undefined;
  /** How often it was restarted recently. */
  readonly restarts: number;
  /** How it ended last, such as "exited (exit code 7)". */
  readonly lastExit?: string | undefined;
  /** What its health check finds; absent without one, or before its first answer. */
  readonly health?: 'passing' | 'failing' | undefined;
  /** For `failing`: what the check found. */
  readonly finding?: string | undefined;
  /** Since when it has been in this state: ISO 8601. */
  readonly since: string;
}

/** One app as it is on a host. */
export interface RunningApp {
  /** The id of the deploy that runs. */
  readonly deploy: number;
  /** The stored tree of its files. */
  readonly tree: string;
  /** Since when it has been this deploy: ISO 8601. */
  readonly since: string;
  readonly processes: Readonly<Record<string, RunningProcess>>;
  /** For an app that has a health check and no processes: what that finds; absent before its first answer. */
  readonly health?: RunningProcess['health'];
  /** For `failing`: what the check found. */
  readonly finding?: RunningProcess['finding'];
}

/** What runs on a host, as its agent saw it last. */
export interface RunningApps {
  /** When something changed last: ISO 8601. */
  readonly at: string;
  readonly apps: Readonly<Record<string, RunningApp>>;
}

const processSchema: z.ZodType<RunningProcess> = z.object({
  state: z.enum(PROCESS_STATES),
  pid: z.number().exactOptional(),
  restarts: z.number(),
  lastExit: z.string().exactOptional(),
  health: z.enum(['passing', 'failing']).exactOptional(),
  finding: z.string().exactOptional(),
  since: z.string(),
});

export const runningSchema: z.ZodType<RunningApps> = z.object({
  at: z.string(),
  apps: z.record(
    z.string(),
    z.object({
      deploy: z.number().int().positive(),
      tree: z.string(),
      since: z.string(),
      processes: z.record(z.string(), processSchema),
      health: z.enum(['passing', 'failing']).exactOptional(),
      finding: z.string().exactOptional(),
    }),
  ),
});

/** What a program said of itself is bounded, so that a fleet's status stays small. */
const MOST_CHARACTERS = 300;

/** Stores what runs on a host; writes only if something but the time changed. */
export async function storeRunning(
  client: Client,
  hostname: string,
  running: RunningApps,
  options?: CallOptions,
): Promise<void> {
  const bounded = JSON.stringify(running, (key, value: unknown) =>
    (key === 'lastExit' || key === 'finding') && typeof value === 'string'
      ? value.slice(0, MOST_CHARACTERS)
      : value,
  );
  await client.setIfChanged(`${RUNNING_PREFIX}${hostname}`, bounded, options);
}

/** What runs on each host, also of hosts that are away: what their agents saw last. */
export async function listRunning(
  client: Client,
  log: Log | undefined,
  options?: CallOptions,
): Promise<Map<string, RunningApps>> {
  const { entries } = await client.list(RUNNING_PREFIX, options);
  return readHosts(runningSchema, RUNNING_PREFIX, entries, log);
}

/** Whether an app, and all of its processes, are as they should be. */
export function isWell({ processes, health: ofApp }: RunningApp): boolean {
  if (ofApp === 'failing') return false;
  return Object.values(processes).every(({ state, health }) => state === 'running' && health !== 'failing');
}
