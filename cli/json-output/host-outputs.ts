import { z } from 'zod';
import type { DefragmentedMember } from '../../world/cluster/defrag-members.js';
import type { RestorePlan } from '../backup/restore-backup.js';
import type { Backup } from '../backup/save-backup.js';
import type { HostOutcome } from '../exec/host-outcome.js';
import type { HostReport } from '../recover/plan-recovery.js';
import { type CommandOutputs, FOREIGN, lines, value } from './command-output.js';
import { bytes, hostname, hostnames, member, moment, revision, sentence } from './common-shapes.js';
import { describing } from './describing.js';
import { serverReport } from './status-outputs.js';

const execution = describing<Omit<HostOutcome, 'digest'>>()(
  z.object({
    hostname: hostname.describe('The host; for a destination that is no host of a fleet, the destination.'),
    exit: z
      .int()
      .nullable()
      .describe(
        'As a shell has it: 128 and the number where a signal ended it. Null where it did not run, or not to its end.',
      ),
    signal: z.string().optional().describe('Which signal ended it.'),
    error: sentence.optional().describe('Why it did not run, or not to its end.'),
    stdout: z.string(),
    stderr: z.string(),
  }),
);

const copied = z.object({ hostname, files: z.int(), bytes });
const notCopied = z.object({ hostname, error: sentence });

const logLine = z.object({
  hostname,
  process: z.string().describe('The name of the process of the app.'),
  at: moment.optional().describe('ISO 8601, if the line says when.'),
  line: z.string(),
});

const hostReport = describing<Omit<HostReport, 'agent' | 'trouble'>>()(
  z.object({
    host: z.string().describe('As it was named.'),
    agent: z
      .object({ hostname, pid: z.int(), version: z.string(), server: serverReport })
      .optional()
      .describe('What its agent says; absent when none was reached.'),
    trouble: z.object({ kind: z.enum(['out-of-reach', 'no-agent']), message: sentence }).optional(),
  }),
);

const recoveryPlan = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('nothing'), base: z.string() }),
  z.object({ kind: z.literal('finish'), base: z.string(), rejoin: hostnames }),
  z.object({
    kind: z.literal('rebuild'),
    base: z.string(),
    rejoin: hostnames,
    loss: z.string().describe('What will be lost, in one sentence.'),
    warnings: z.array(z.string()),
  }),
  z.object({ kind: z.literal('impossible'), reason: z.string() }),
]);

const backup = describing<Backup>()(
  z.object({
    file: z.string(),
    sizeBytes: bytes,
    sha256: z.string().describe('Of the file.'),
    revision: revision.describe('It holds every write up to this revision, and perhaps some more.'),
  }),
);

/** Of the commands that work on hosts, and on the cluster. */
export const hostOutputs: CommandOutputs = {
  exec: lines(execution),
  ssh: FOREIGN,
  cp: lines(z.union([copied, notCopied])),
  logs: lines(logLine),
  members: value(z.array(member)),
  'members recover': value(
    z.object({
      hosts: z.array(hostReport),
      plan: recoveryPlan,
      recovered: z.boolean(),
      members: z.array(member).optional(),
    }),
  ),
  'members defrag': value(
    z.object({
      members: z.array(
        describing<DefragmentedMember>()(
          z.object({
            id: z.string(),
            name: z.string(),
            beforeBytes: bytes.optional(),
            afterBytes: bytes.optional(),
            skipped: sentence.optional().describe('Why it was left out.'),
          }),
        ),
      ),
      compactedAt: z.string().describe('What keys held before this revision is forgotten. Decimal.'),
      alarm: z.enum(['none', 'disarmed', 'no-room']),
    }),
  ),
  'members forget': value(z.object({ forgotten: hostnames })),
  endpoints: value(
    z.object({
      local: z.array(z.string()).describe('Good from this process only.'),
      advertised: z.record(z.string(), z.array(z.string())).describe('Hostname to client URLs.'),
    }),
  ),
  size: value(z.int().describe('How many etcd servers the fleet should have.')),
  backup: value(backup),
  restore: value(
    describing<RestorePlan>()(
      z.object({
        file: z.string(),
        sizeBytes: bytes,
        base: z.string().describe('The host that started a cluster of one from it.'),
        rejoin: hostnames.describe('Those that joined it.'),
        later: hostnames.describe('Those that could not be reached, and join when they meet it.'),
        members: z.array(member),
      }),
    ),
  ),
};
