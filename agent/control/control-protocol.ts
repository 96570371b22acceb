import { z } from 'zod';

/** The state of a host's etcd server; `no-quorum`: running, but without a leader. */
export type ServerState = 'none' | 'starting' | 'learner' | 'voter' | 'no-quorum' | 'stopped';
export const SERVER_STATES = [
  'none',
  'starting',
  'learner',
  'voter',
  'no-quorum',
  'stopped',
] as const satisfies readonly ServerState[];

/** A member, from the server's own member list; the id is decimal. */
export interface ReportedMember {
  readonly name: string;
  readonly id: string;
  readonly peerUrls: readonly string[];
}

/** What an agent knows about its host's etcd server. Numbers that may exceed 2^53 are decimal strings. */
export interface ServerReport {
  readonly state: ServerState;
  readonly memberId?: string | undefined;
  readonly clusterId?: string | undefined;
  /** The newest revision that it has applied. */
  readonly revision?: string | undefined;
  readonly raftTerm?: string | undefined;
  /** The newest log entry that it knows to be committed. */
  readonly raftIndex?: string | undefined;
  readonly dbSizeBytes?: number | undefined;
  readonly members?: readonly ReportedMember[] | undefined;
  /** The client URLs that other hosts use. */
  readonly clientUrls?: readonly string[] | undefined;
  /** Whether a data directory exists, whatever runs. */
  readonly dataFolder: boolean;
}

/** The state of an agent. */
export interface AgentState {
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly server: ServerReport;
}

const decimal = z.string().regex(/^[0-9]{1,20}$/);
const url = z.string().min(1).max(1000);

export const agentStateSchema: z.ZodType<AgentState> = z.object({
  hostname: z.string(),
  pid: z.number().int(),
  version: z.string(),
  server: z.object({
    state: z.enum(SERVER_STATES),
    memberId: decimal.optional(),
    clusterId: decimal.optional(),
    revision: decimal.optional(),
    raftTerm: decimal.optional(),
    raftIndex: decimal.optional(),
    dbSizeBytes: z.number().optional(),
    members: z.array(z.object({ name: z.string(), id: decimal, peerUrls: z.array(z.string()) })).optional(),
    clientUrls: z.array(z.string()).optional(),
    dataFolder: z.boolean(),
  }),
});

export const rebuildSchema = z.strictObject({});
export const rejoinSchema = z.strictObject({
  seeds: z.array(url).min(1).max(100),
  /** Also from a cluster that works: a person decided that another takes its place. */
  leaves: z.literal(true).exactOptional(),
});
export const doneSchema = z.object({ done: z.literal(true) });

/**
 * Why an agent refused or failed a request:
 * - `invalid`: the request is unknown or malformed.
 * - `has-quorum`: its server belongs to a working cluster, which is never given up.
 * - `busy`: it is still working on the previous request.
 * - `failed`: it tried, and failed.
 */
export const CONTROL_ERROR_CODES = ['invalid', 'has-quorum', 'busy', 'failed'] as const;
export type ControlErrorCode = (typeof CONTROL_ERROR_CODES)[number];

export const controlErrorSchema = z.object({
  error: z.object({ code: z.enum(CONTROL_ERROR_CODES), message: z.string() }),
});
