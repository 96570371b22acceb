import { z } from 'zod';

/** What the etcd server of a host is at the moment; `no-quorum`: it runs and knows of no leader. */
export const SERVER_STATES = ['none', 'starting', 'learner', 'voter', 'no-quorum', 'stopped'] as const;
export type ServerState = (typeof SERVER_STATES)[number];

/** A member as the server's own member list has it; the id is decimal. */
export interface ReportedMember {
  readonly name: string;
  readonly id: string;
  readonly peerUrls: readonly string[];
}

/** The etcd server of a host, as far as its agent knows. Numbers that may exceed 2^53 are decimal strings. */
export interface ServerReport {
  readonly state: ServerState;
  readonly memberId?: string | undefined;
  readonly clusterId?: string | undefined;
  /** The newest revision that it has applied. */
  readonly revision?: string | undefined;
  readonly raftTerm?: string | undefined;
  /** The newest entry of the log that it knows to be committed. */
  readonly raftIndex?: string | undefined;
  readonly dbSizeBytes?: number | undefined;
  readonly members?: readonly ReportedMember[] | undefined;
  /** What other hosts are told to reach it by. */
  readonly clientUrls?: readonly string[] | undefined;
  /** Whether there is a data folder, whatever runs. */
  readonly dataFolder: boolean;
}

/** What an agent says of itself. */
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
export const rejoinSchema = z.strictObject({ seeds: z.array(url).min(1).max(100) });
export const doneSchema = z.object({ done: z.literal(true) });

/**
 * Why an agent did not do what it was asked:
 * - `invalid`: the request is none that it knows.
 * - `has-quorum`: its server serves a cluster that works; that is never given up.
 * - `busy`: it is still at the one before.
 * - `failed`: it tried, and could not.
 */
export const CONTROL_ERROR_CODES = ['invalid', 'has-quorum', 'busy', 'failed'] as const;
export type ControlErrorCode = (typeof CONTROL_ERROR_CODES)[number];

export const controlErrorSchema = z.object({
  error: z.object({ code: z.enum(CONTROL_ERROR_CODES), message: z.string() }),
});
