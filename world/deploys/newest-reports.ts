import { z } from 'zod';
import type { KeyValue } from '../client/key-value.js';
import { parseJson } from '../client/stored/read-json.js';

/** What of a report tells which deploy its host runs. */
const told = z.object({ state: z.string(), current: z.int().min(0) });

/** A report by its key: which deploy it is about, and which host says it. */
export interface ReportKey {
  readonly key: string;
  readonly id: number;
  readonly hostname: string;
}

/** Undefined for a key that is no report. */
function parseReportKey(key: string): ReportKey | undefined {
  const match = /^\/reports\/([1-9][0-9]{0,14})\/([^/]+)$/.exec(key);
  if (match === null) return undefined;
  return { key, id: Number(match[1]), hostname: match[2] ?? '' };
}

/** The newest report of each host, also of hosts that are away. */
export function newestReports(keys: Iterable<string>): ReportKey[] {
  const newest = new Map<string, ReportKey>();
  for (const key of keys) {
    const report = parseReportKey(key);
    if (report !== undefined && report.id > (newest.get(report.hostname)?.id ?? 0))
      newest.set(report.hostname, report);
  }
  return [...newest.values()];
}

/**
 * The deploys that a host runs or may be about to run, by its newest report: the one that it says it runs, and the one
 * that it is about. Also where that failed: without the report nobody would know any more what runs there.
 */
export function deploysInUse({ id }: ReportKey, stored: KeyValue): number[] {
  const { data } = told.safeParse(parseJson(stored.value.toString()));
  return data === undefined || data.state === 'healthy' ? [id] : [id, data.current];
}
