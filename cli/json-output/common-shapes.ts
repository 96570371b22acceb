import { z } from 'zod';
import type { Member } from '../../world/client/member-types.js';
import type { RolloutRecord } from '../../world/deploys/rollout/rollout-record.js';
import { describing } from './describing.js';

// What the outputs of several commands are made of.

export const hostname = z.string().describe('The name of a host in the fleet.');
export const hostnames = z.array(z.string()).describe('Names of hosts in the fleet.');
export const appName = z.string().describe('The name of an app.');
export const deployId = z.int().describe('The id of a deploy: they follow each other from 1.');
/** Whoever writes it is another program, or an older hawser: it is told as it was stored. */
export const moment = z.string().describe('ISO 8601.');
export const sentence = z.string().describe('For people.');
export const bytes = z.int().min(0);
export const labels = z.record(z.string(), z.string());
export const revision = z
  .int()
  .describe("A revision of the fleet's state: they follow each other, one for each write.");

export const verdict = z
  .enum(['healthy', 'rolled-back', 'paused', 'failed', 'superseded', 'stopped'])
  .describe('What became of a deploy. The hosts decide it once, and it is the same for every viewer.');
export const verdictOrRunning = z
  .enum([...verdict.options, 'running'])
  .describe('`running` until the hosts have decided.');

export const member = describing<Member>()(
  z
    .object({
      id: z.string().describe('Decimal.'),
      name: z.string().describe('The hostname; empty until it starts for the first time.'),
      peerUrls: z.array(z.string()),
      clientUrls: z.array(z.string()),
      isLearner: z.boolean().describe('Whether it gets the data and has no vote yet.'),
    })
    .describe('A member of the etcd cluster.'),
);

export const rollout = describing<RolloutRecord>()(
  z
    .object({
      app: appName,
      phase: z.enum(['running', 'paused', 'going-back', 'done']),
      hosts: hostnames.exactOptional(),
      onceHost: z.string().exactOptional(),
      admitted: z.int(),
      skipped: hostnames.exactOptional(),
      forgiven: hostnames.exactOptional(),
      goingBackTo: z.enum(['rolled-back', 'stopped']).exactOptional(),
      confirmed: z.literal(true).exactOptional(),
      reason: sentence.exactOptional(),
      by: z.string().exactOptional(),
      since: moment,
      verdict: verdict.exactOptional(),
      message: sentence.exactOptional(),
    })
    .describe('How far the hosts are with a deploy, as they have stored it.'),
);

/** Of a deploy, on one host. */
export const hostProgress = {
  hostname,
  state: z.enum([
    'fetching',
    'waiting',
    'applying',
    'healthy',
    'failed',
    'rolled-back',
    'skipped',
    'lost',
    'missing',
  ]),
  step: z.string().nullable().describe('What it does, or did last.'),
  message: sentence,
  at: moment.nullable().describe('When it said so: ISO 8601.'),
};
