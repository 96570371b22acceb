import { z } from 'zod';
import { SECRET_NAME } from '../secrets/secret-value.js';
import { APP_NAME, type AppProcess, type HealthCheck, type Hook, type Manifest } from './manifest.js';

const argv = z.tuple([z.string()], z.string());
const how = {
  timeoutMs: z.number(),
  intervalMs: z.number(),
  tryMs: z.number().exactOptional(),
  successes: z.number().exactOptional(),
  answeredBy: z.literal('anyone').exactOptional(),
};

const health: z.ZodType<HealthCheck> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('http'), url: z.string(), ...how }),
  z.object({ kind: z.literal('tcp'), host: z.string(), port: z.number(), ...how }),
  z.object({ kind: z.literal('exec'), argv, ...how }),
]);

const env = z.record(z.string(), z.string());

const processSchema: z.ZodType<AppProcess> = z.object({
  run: argv,
  env: env.exactOptional(),
  health: health.exactOptional(),
  listen: z.string().exactOptional(),
  switch: z.literal('overlap').exactOptional(),
  stopGraceMs: z.number().exactOptional(),
});

const hook: z.ZodType<Hook> = z.object({ run: argv, timeoutMs: z.number().exactOptional() });

const rollout = z.object({
  batch: z.union([z.number().int().positive(), z.string().regex(/^[1-9][0-9]?%$|^100%$/)]).exactOptional(),
  canary: z.number().int().positive().exactOptional(),
  pauseMs: z.number().exactOptional(),
  maxFailures: z.number().exactOptional(),
  timeoutMs: z.number().exactOptional(),
  onFailure: z.enum(['rollback', 'pause', 'continue']).exactOptional(),
  confirmMs: z.number().exactOptional(),
});

/** A manifest as it is stored in an entry of the deploy log. */
export const manifestSchema: z.ZodType<Manifest> = z.object({
  name: z.string(),
  hosts: z.string().exactOptional(),
  schedule: z
    .object({
      namespace: z.string(),
      maxCount: z.number().exactOptional(),
      strategy: z.string().exactOptional(),
    })
    .exactOptional(),
  user: z.string().exactOptional(),
  group: z.string().exactOptional(),
  processes: z.record(z.string().regex(APP_NAME), processSchema).exactOptional(),
  env: env.exactOptional(),
  secrets: z
    .record(
      z.string().regex(SECRET_NAME),
      z.object({ as: z.literal('file').exactOptional(), from: z.string().startsWith('/').exactOptional() }),
    )
    .exactOptional(),
  exclude: z.array(z.string()).exactOptional(),
  shared: z.array(z.string()).exactOptional(),
  hooks: z
    .object({
      prepare: hook.exactOptional(),
      once: hook.exactOptional(),
      verify: hook.exactOptional(),
      stop: hook.exactOptional(),
    })
    .exactOptional(),
  health: health.exactOptional(),
  settleMs: z.number().exactOptional(),
  rollout: rollout.exactOptional(),
  keep: z.number().int().positive().exactOptional(),
  limits: z
    .object({
      memoryBytes: z.number().exactOptional(),
      cpu: z.number().exactOptional(),
      files: z.number().exactOptional(),
    })
    .exactOptional(),
});
