import { z } from 'zod';
import type { FsUsage } from '../../world/fs/gc/read-usage.js';
import type { CopyResult, FsSize } from '../../world/fs/world-fs.js';
import type { ResOutput } from '../../world/resources/exported-resources-api.js';
import type { ScheduleOverview } from '../../world/scheduler/scheduler-api.js';
import type { Listed } from '../fs/list-folder.js';
import type { ShownChange, ShownRevision } from '../history/describe-changes.js';
import { type CommandOutputs, FOREIGN, lines, value } from './command-output.js';
import { bytes, hostname, hostnames, moment, revision } from './common-shapes.js';
import { describing } from './describing.js';

const key = z.string().describe('The key of the string, or of the string map.');
const maybeText = z.string().nullable().describe('Null where there is none.');

const storedValue = z
  .union([z.string(), z.object({ base64: z.string() })])
  .nullable()
  .describe('Text, or base64 where it is no text; null where there was none.');

const change = describing<ShownChange>()(
  z.object({
    key: z.string().describe('In etcd, without the namespace.'),
    name: z.string().describe('What people call it.'),
    before: storedValue,
    after: storedValue,
  }),
);

const revisionChanges = describing<ShownRevision>()(
  z.object({
    revision,
    at: moment.exactOptional().describe('Where it is known: ISO 8601.'),
    who: z.string().exactOptional(),
    changes: z.array(change),
  }),
);

const resource = describing<ResOutput>()(
  z.object({
    kind: z.string(),
    name: z.string(),
    host: hostname.describe('The host that exported it.'),
    data: z.string(),
  }),
);

const schedule = describing<ScheduleOverview>()(
  z.object({
    namespace: z.string(),
    hosts: hostnames.describe('Those that are chosen, sorted.'),
    candidates: hostnames,
  }),
);

const decision = z.object({ namespace: z.string(), hosts: hostnames.describe('Those that are chosen.') });
const candidacy = z.object({ namespace: z.string(), hostname, changed: z.boolean() });
const exported = z.object({ resources: z.int(), changed: z.boolean() });

const listed = describing<Listed>()(
  z.object({
    name: z.string(),
    type: z.enum(['file', 'directory', 'symlink']),
    mode: z.string().describe('Permissions in octal, such as 644.'),
    sizeBytes: bytes,
    changedAt: moment,
  }),
);

const copied = {
  files: z.int(),
  sizeBytes: bytes,
  uploadedBlocks: z.int().describe('Blocks that had to be sent.'),
  uploadedBytes: bytes,
} satisfies { [K in keyof CopyResult]: z.ZodType<CopyResult[K]> };

const usage = describing<FsUsage & FsSize>()(
  z.object({
    path: z.string(),
    files: z.int(),
    sizeBytes: bytes.describe('Of all files together; shared blocks count each time.'),
    dbSizeBytes: bytes,
    quotaBytes: bytes.describe('Where etcd takes no more writes.'),
    isQuotaKnown: z.boolean().describe("Whether that is said, or etcd's default."),
    isFull: z.boolean().describe('Whether etcd accepts no writes for want of room.'),
    blocks: z.int().describe('Pieces of files that are stored, also those that nothing names any more.'),
    fileSystems: z.array(z.string()).describe('URIs.'),
  }),
);

/** Of the commands for what a fleet shares. */
export const stateOutputs: CommandOutputs = {
  'str get': value(z.object({ key, value: maybeText })),
  'str set': value(z.object({ key, value: z.string() })),
  'str del': value(z.object({ key })),
  'str watch': lines(z.object({ key, value: maybeText })),
  'map get': value(z.record(z.string(), z.string()).describe('Hostname to value.')),
  'map set': value(z.object({ key, hostname, value: z.string() })),
  'map del': value(z.object({ key, hostname })),
  'map watch': lines(z.record(z.string(), z.string()).describe('Hostname to value.')),
  'res export': value(exported),
  'res collect': value(z.array(resource)),
  'res delete': value(exported),
  'schedule get': value(decision),
  'schedule list': value(z.array(schedule)),
  'schedule join': lines(decision),
  'schedule add': value(candidacy),
  'schedule withdraw': value(candidacy),
  'fs ls': value(z.array(listed)),
  'fs tree': value(z.array(listed)),
  'fs cat': FOREIGN,
  'fs put': value(z.object({ path: z.string(), ...copied })),
  'fs get': value(z.object({ local: z.string(), files: z.int(), sizeBytes: bytes })),
  'fs rm': value(z.object({ path: z.string() })),
  'fs du': value(usage),
  'fs gc': value(z.object({ freed: z.int(), kept: z.int(), spared: z.int(), trees: z.int() })),
  history: value(
    z.object({
      oldest: revision.describe('etcd remembers no earlier one.'),
      newest: revision,
      revisions: z.array(revisionChanges).describe('Newest first.'),
    }),
  ),
  diff: value(z.object({ from: revision, to: revision, changes: z.array(change) })),
  undo: value(z.object({ revision, undoneBy: revision, changes: z.array(change) })),
};
