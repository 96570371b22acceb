import { z } from 'zod';
import { parseJson } from '../client/stored/read-json.js';

type Argv = readonly [string, ...string[]];

/** How to find out that an app works: tried every `intervalMs` until it passes or `timeoutMs` are over. */
export type HealthCheck = (
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'exec'; readonly argv: Argv }
) & {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Whose answer counts. Default: the app's own; `anyone` for an app behind a proxy, or in a container. */
  readonly answeredBy?: 'anyone' | undefined;
};

/** What a `hawser.yaml` says of an app. */
export interface Manifest {
  readonly name: string;
  /** The command that is the app; without one, the files are all there is. */
  readonly run?: Argv | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly health?: HealthCheck | undefined;
  /** How long the app has to keep running, once it is well, before it counts as healthy. Default {@link DEFAULT_SETTLE_MS}. */
  readonly settleMs?: number | undefined;
}

/** An app that ends within this time after its first good check was not healthy. */
export const DEFAULT_SETTLE_MS = 5_000;

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
  readonly rollbackOf?: number | undefined;
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
