import { z } from 'zod';
import { parseJson } from '../client/stored/json.js';
import type { HealthCheck, Manifest } from './manifest.js';

/** The payload of a deploy that hawser made. */
export interface Deployment {
  /** The version of this format. */
  readonly hawser: 1;
  /** The app's. */
  readonly name: string;
  readonly message: string;
  readonly author: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The stored tree to run. */
  readonly tree: string;
  /** Hosts fetch and verify it, but do not apply it. */
  readonly noop: boolean;
  /** The hosts that are expected to apply it. */
  readonly hosts: readonly string[];
  /** The deploy that a rollback takes back. */
  readonly rollbackOf?: number;
  readonly manifest: Manifest;
}

const argv = z.tuple([z.string()], z.string());
const how = {
  timeoutMs: z.number(),
  intervalMs: z.number(),
  answeredBy: z.literal('anyone').exactOptional(),
};

const healthSchema: z.ZodType<HealthCheck> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('http'), url: z.string(), ...how }),
  z.object({ kind: z.literal('tcp'), host: z.string(), port: z.number(), ...how }),
  z.object({ kind: z.literal('exec'), argv, ...how }),
]);

const deploymentSchema: z.ZodType<Deployment> = z.object({
  hawser: z.literal(1),
  name: z.string(),
  message: z.string(),
  author: z.string(),
  createdAt: z.string(),
  tree: z.string().regex(/^[0-9a-f]{64}$/),
  noop: z.boolean(),
  hosts: z.array(z.string()),
  rollbackOf: z.number().exactOptional(),
  manifest: z.object({
    name: z.string(),
    run: argv.exactOptional(),
    env: z.record(z.string(), z.string()).exactOptional(),
    health: healthSchema.exactOptional(),
    settleMs: z.number().exactOptional(),
  }),
});

/** Undefined for a payload that another program (mgmt, or a newer hawser) made. */
export function parseDeployment(payload: string): Deployment | undefined {
  return deploymentSchema.safeParse(parseJson(payload)).data;
}

export function serialiseDeployment(deployment: Deployment): string {
  return JSON.stringify(deployment);
}
