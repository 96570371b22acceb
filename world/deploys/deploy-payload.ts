import { z } from 'zod';
import { parseJson } from '../client/stored/read-json.js';
import type { Manifest } from './manifest.js';
import { manifestSchema } from './manifest-schema.js';

/** The version of the format of entries that this release writes; it reads no newer one. */
export const DEPLOYMENT_FORMAT = 1;

/** Who made a deploy, and from where. */
export interface DeployOrigin {
  /** The user of that machine. */
  readonly user: string;
  readonly machine: string;
  /** The git identity, such as "Ann <ann@example.org>". */
  readonly git?: string | undefined;
  /** The fingerprint of the SSH key that opened the connection. */
  readonly sshKey?: string | undefined;
}

/** The payload of a deploy that hawser made. */
export interface Deployment {
  readonly hawser: typeof DEPLOYMENT_FORMAT;
  /**
   * What the hosts do: run this release; run it again although nothing in it changed; or run the app no more. Default
   * `deploy`.
   */
  readonly action?: 'restart' | 'remove' | undefined;
  /** The app's. */
  readonly name: string;
  readonly message: string;
  readonly author: string;
  readonly origin?: DeployOrigin | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The stored tree to run; that of the entry before for `remove`. */
  readonly tree: string;
  /** Hosts fetch and verify it, but do not apply it. */
  readonly noop: boolean;
  /** The hosts that are expected to apply it. */
  readonly hosts: readonly string[];
  /** Those of `hosts` whose agent was not running when it was made. */
  readonly away?: readonly string[] | undefined;
  /** A host whose agent is not running is no failure. */
  readonly allowMissing?: boolean | undefined;
  /** The app's entry before this one; absent for its first. */
  readonly previous?: number | undefined;
  /** The deploy that a rollback takes back. */
  readonly rollbackOf?: number | undefined;
  readonly manifest: Manifest;
  /** By a person's SSH key, over the rest and where it belongs; armoured. Last, so that it can be taken off again. */
  readonly signature?: string | undefined;
}

const deploymentSchema: z.ZodType<Deployment> = z.object({
  hawser: z.literal(DEPLOYMENT_FORMAT),
  action: z.enum(['restart', 'remove']).exactOptional(),
  name: z.string(),
  message: z.string(),
  author: z.string(),
  origin: z
    .object({
      user: z.string(),
      machine: z.string(),
      git: z.string().exactOptional(),
      sshKey: z.string().exactOptional(),
    })
    .exactOptional(),
  createdAt: z.string(),
  tree: z.string().regex(/^[0-9a-f]{64}$/),
  noop: z.boolean(),
  hosts: z.array(z.string()),
  away: z.array(z.string()).exactOptional(),
  allowMissing: z.boolean().exactOptional(),
  previous: z.number().int().positive().exactOptional(),
  rollbackOf: z.number().exactOptional(),
  manifest: manifestSchema,
  signature: z.string().exactOptional(),
});

/** What of an entry in a newer format can be read: the formats to come keep it. */
const newerSchema = z.object({ hawser: z.number().int().gt(DEPLOYMENT_FORMAT), hosts: z.array(z.string()) });

/** Undefined for a payload that another program (mgmt, or a newer hawser) made. */
export function parseDeployment(payload: string): Deployment | undefined {
  return deploymentSchema.safeParse(parseJson(payload)).data;
}

/** The format and the hosts of an entry that only a newer release of hawser can apply; undefined for any other. */
export function parseNewerDeployment(
  payload: string,
): { readonly format: number; readonly hosts: readonly string[] } | undefined {
  const { data } = newerSchema.safeParse(parseJson(payload));
  return data && { format: data.hawser, hosts: data.hosts };
}

export function serialiseDeployment(deployment: Deployment): string {
  return JSON.stringify(deployment);
}
