import { z } from 'zod';
import { PROBLEM_CODES } from '../status/fleet-status.js';

// What `hawser events --json` prints: the events of cli/events have their types from here.

/** The part that every event has. */
const stamp = {
  revision: z
    .int()
    .describe(
      "The revision of the fleet's state, or the newest one that was seen where etcd keeps none. Pass it to --from to go on from here.",
    ),
  time: z.iso.datetime().describe('When it was observed, which for what was before the command is later.'),
  message: z.string().describe('The event in a sentence, for people.'),
};

const host = z.string().describe('The hostname.');
const app = z.string().describe('The name of the app.');
const deploy = z.int().describe('The id of the deploy.');
const by = z.string().describe('The person and the machine, such as ann@laptop.');
const verdict = z.enum(['healthy', 'rolled-back', 'paused', 'failed', 'superseded', 'stopped']);
const problem = {
  code: z.enum(PROBLEM_CODES),
  host: host.nullable().describe('The host; null for the fleet as a whole.'),
  app: app.optional(),
};

function event<T extends string, S extends z.ZodRawShape>(type: T, does: string, shape: S) {
  return z.object({ ...stamp, type: z.literal(type), ...shape }).describe(does);
}

/** One line of `hawser events --json`. */
export const eventOutput = z.discriminatedUnion('type', [
  event('watching', 'The first line: every change from this revision on follows.', {}),
  event('gap', 'etcd has forgotten changes before they were read. What differs now follows.', {}),
  event('disconnected', 'etcd does not answer at the moment.', {}),
  event('connected', 'etcd answers again. Nothing was missed, unless a gap says so.', {}),
  event('host-joined', 'A host belongs to the fleet from now on.', {
    host,
    labels: z.record(z.string(), z.string()).optional(),
  }),
  event('host-left', 'A host was taken out of the fleet.', { host }),
  event('host-alive', 'The agent of a host runs, or was started again.', { host, version: z.string() }),
  event('host-gone', 'The agent of a host does not run any more.', { host }),
  event('member-added', 'A host serves etcd.', { host, role: z.enum(['learner', 'voter']) }),
  event('member-promoted', 'A learner votes from now on.', { host }),
  event('member-removed', 'A host serves etcd no more.', { host }),
  event('deploy-recorded', 'A deploy was added to the log.', {
    deploy,
    app: app.describe('Empty for a deploy by another program.'),
    action: z.enum(['deploy', 'restart', 'remove', 'rollback', 'unknown']),
    by: by.optional(),
    noop: z.boolean().optional().describe('Hosts fetch and verify it, but do not apply it.'),
  }),
  event('deploy-phase', 'A deploy goes on, or the hosts that have switched go back.', {
    deploy,
    app,
    phase: z.enum(['running', 'going-back']),
    by: by.optional(),
  }),
  event('deploy-verdict', 'The hosts have decided on a deploy. Only "paused" can be followed by another.', {
    deploy,
    app,
    verdict,
  }),
  event('app-state', 'An app on a host is as it should be, or not; or does not run there any more.', {
    host,
    app,
    deploy: deploy.describe('The id of the deploy that runs there, or ran there last.'),
    state: z.enum(['well', 'unwell', 'removed']),
  }),
  event('problem-appeared', 'Something is wrong that "hawser status" lists.', problem),
  event('problem-ended', 'It is not wrong any more.', problem),
]);

export type FleetEvent = z.infer<typeof eventOutput>;
