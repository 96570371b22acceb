import { z } from 'zod';
import { REPORT_STATES } from '../../world/deploys/report.js';
import type { TreeChange } from '../../world/fs/deploy-trees/compare-trees.js';
import type { SecretSummary } from '../secrets/list-secrets.js';
import { type CommandOutputs, lines, value } from './command-output.js';
import {
  appName,
  bytes,
  deployId,
  hostname,
  hostnames,
  hostProgress,
  moment,
  rollout,
  sentence,
  verdictOrRunning,
} from './common-shapes.js';
import { describing } from './describing.js';
import { appSchedule, deploySummaries } from './status-outputs.js';

const change = describing<Omit<TreeChange, 'type'>>()(
  z.object({
    path: z.string().describe('Relative to the root of the app.'),
    kind: z.enum(['added', 'changed', 'removed']),
    type: z.enum(['file', 'directory', 'symlink']),
    sizeBytes: bytes,
    previousBytes: bytes.optional(),
    isModeOnly: z.boolean().optional().describe('Whether only permissions differ.'),
  }),
);

const setting = z.object({
  key: z.string().describe('Of the manifest.'),
  before: z.string().optional().describe('JSON; absent where there was none. Values of `env` are hidden.'),
  after: z.string().optional(),
});

const ending = z
  .object({
    id: deployId,
    app: appName,
    verdict: verdictOrRunning,
    message: sentence.optional(),
    hosts: z.array(z.object(hostProgress)),
    away: hostnames.optional().describe('Hosts that catch up later.'),
  })
  .describe('The last line: how it ended, or stands.');

const progress = z
  .object({ id: deployId, app: appName, verdict: z.literal('running'), ...hostProgress })
  .describe('How far a host is.');

const phase = z
  .object({
    id: deployId,
    app: appName,
    verdict: z.literal('running'),
    phase: z.enum(['running', 'paused', 'going-back']),
    reason: sentence.nullable(),
  })
  .describe('How the deploy as a whole goes on.');

/** Of every command that ends in a deploy to wait for. */
const waited = z.union([ending, progress, phase]);

const plan = z
  .object({
    id: deployId.describe('The id that it would have.'),
    app: appName,
    hash: z.string(),
    revision: z.string().describe('For --expect-revision.'),
    hosts: hostnames,
    away: hostnames,
    schedule: appSchedule,
    tree: z.string(),
    files: z.int(),
    sizeBytes: bytes,
    changes: z.array(z.object({ hosts: hostnames, from: deployId.nullable(), changes: z.array(change) })),
    batches: z.array(hostnames).describe('The hosts that switch together, one batch after the other.'),
    settings: z.array(setting),
    commits: z.array(z.object({ hash: z.string(), subject: z.string() })),
  })
  .describe('With --plan: what would be done.');

const shown = z.object({
  id: deployId,
  app: appName,
  message: z.string(),
  author: z.string(),
  origin: deploySummaries.element.shape.origin,
  createdAt: moment,
  hash: z.string(),
  tree: z.string(),
  action: z.enum(['deploy', 'restart', 'remove']),
  rollbackOf: deployId.nullable(),
  isSigned: z.boolean(),
  verdict: verdictOrRunning,
  rollout: rollout.nullable(),
  schedule: appSchedule,
  hosts: z.array(z.object(hostProgress)),
  manifest: z.looseObject({ name: appName }).describe('The manifest, as the hosts have it.'),
});

const output = z.object({
  id: deployId,
  app: appName,
  verdict: verdictOrRunning,
  hosts: z.array(
    z.object({
      hostname,
      state: z.enum(REPORT_STATES),
      step: z.string().nullable(),
      message: sentence,
      at: moment,
      output: z.string().describe('The last lines; empty for none.'),
    }),
  ),
});

const secret = describing<SecretSummary>()(
  z.object({
    app: appName,
    name: z.string(),
    at: moment,
    by: z.string(),
    hosts: hostnames.describe('The hosts that can read it.'),
    lost: hostnames.describe('Those that it was set for and that have another key by now, or left.'),
    isText: z.boolean().describe('Whether it can be an environment variable.'),
  }),
);

/** Of the commands that deploy, and tell of deploys. */
export const deployOutputs: CommandOutputs = {
  deploy: lines(z.union([...waited.options, plan])),
  rollback: lines(waited),
  restart: lines(waited),
  remove: lines(waited),
  'deploys list': value(deploySummaries.describe('Newest first.')),
  'deploys show': value(shown),
  'deploys diff': value(
    z.object({ from: deployId, to: deployId, changes: z.array(change), settings: z.array(setting) }),
  ),
  'deploys wait': lines(waited),
  'deploys resume': value(z.object({ id: deployId, resumed: z.literal(true) })),
  'deploys abort': value(z.object({ id: deployId, aborted: z.literal(true) })),
  'deploys confirm': value(z.object({ id: deployId, confirmed: z.literal(true) })),
  'deploys logs': value(output),
  'deploys lock': value(
    z
      .object({ app: appName, by: z.string(), reason: z.string(), since: moment, until: moment.optional() })
      .describe('With a command, stdout is what that prints.'),
  ),
  'deploys unlock': value(
    z.object({
      app: appName,
      unlocked: z.boolean().describe('Whether it was locked.'),
      by: z.string().nullable().describe('Whose the lock was.'),
    }),
  ),
  'deploys prune': value(z.object({ pruned: z.int().describe('How many were deleted.') })),
  'secret set': value(z.object({ app: appName, name: z.string(), hosts: hostnames })),
  'secret list': value(z.array(secret)),
  'secret remove': value(z.object({ app: appName, name: z.string() })),
};
