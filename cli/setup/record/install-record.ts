import { z } from 'zod';

/** Where {@link InstallRecord} is on a host. */
export const RECORD_FILE = '/opt/hawser/install.json';

/**
 * What `up` did on a host, kept there: written before the first change and after the last one, so that whoever comes next
 * knows whose the host is, can go on where an interrupted run stopped, and can remove everything.
 */
export interface InstallRecord {
  readonly format: 1;
  /** `in-progress` until everything is there and has been seen to work. */
  readonly state: 'in-progress' | 'installed';
  readonly fleet: { readonly name: string; readonly id: string };
  /** In the fleet. */
  readonly hostname: string;
  /** What other hosts dial. */
  readonly address?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Whether this host was chosen to make the cluster. */
  readonly isFounder?: boolean | undefined;
  /** The name of the bundle under `releases/`. */
  readonly release?: string | undefined;
  /** Of hawser. */
  readonly version?: string | undefined;
  /** The node program that runs it. */
  readonly runtime?: string | undefined;
  /** What ran before `release`, for the way back. */
  readonly before?: { readonly release: string; readonly runtime?: string | undefined } | undefined;
  /** The etcd program. */
  readonly etcd?: string | undefined;
  /** The fingerprints of the authorities that its etcd is known to trust, as of its last start by us. */
  readonly trusts?: readonly string[] | undefined;
  /** Packages of the host's package manager that were installed for us. They stay when the host is taken out. */
  readonly packages: readonly string[];
  /** Users who were put into the group `hawser`. */
  readonly users: readonly string[];
  /** Files outside of our directories; as `group:NAME` and `user:NAME`, the group and the user that were not there. */
  readonly created: readonly string[];
  /** What runs the agent, such as `systemd`. */
  readonly supervisor?: string | undefined;
  /** When it was written, by the laptop's clock, ISO 8601. */
  readonly at: string;
}

const text = z.string().max(1_000);
const texts = z.array(text).max(100);

const recordSchema: z.ZodType<InstallRecord> = z.object({
  format: z.literal(1),
  state: z.enum(['in-progress', 'installed']),
  fleet: z.object({ name: text, id: text }),
  hostname: text,
  address: text.exactOptional(),
  labels: z.record(text, text).exactOptional(),
  isFounder: z.boolean().exactOptional(),
  release: text.exactOptional(),
  version: text.exactOptional(),
  runtime: text.exactOptional(),
  before: z.object({ release: text, runtime: text.exactOptional() }).exactOptional(),
  etcd: text.exactOptional(),
  trusts: texts.exactOptional(),
  packages: texts,
  users: texts,
  created: texts,
  supervisor: text.exactOptional(),
  at: text,
});

/** Undefined for what is no record that this version knows. */
export function parseInstallRecord(json: string): InstallRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** What is to be noted as having run before a release; the same as was noted where that release was already to run. */
export function ranBefore(
  record: InstallRecord | undefined,
  release: string,
): Pick<InstallRecord, 'before'> | undefined {
  if (record?.release === undefined || record.release === release) return undefined;
  const { release: before, runtime } = record;
  return { before: { release: before, ...(runtime === undefined ? {} : { runtime }) } };
}

/** A new record that keeps what an earlier run did: what was installed then is still to be removed. */
export function continueRecord(
  before: InstallRecord | undefined,
  now: Omit<InstallRecord, 'format' | 'packages' | 'users' | 'created'> & Partial<InstallRecord>,
): InstallRecord {
  const joined = (key: 'packages' | 'users' | 'created') => [
    ...new Set([...(before?.[key] ?? []), ...(now[key] ?? [])]),
  ];
  return {
    ...before,
    ...now,
    format: 1,
    packages: joined('packages'),
    users: joined('users'),
    created: joined('created'),
  };
}

/** A fleet's id without the generation that a recovery adds, as records have it. */
export function uuidOf(id: string): string {
  return id.split('/', 1)[0] ?? id;
}
