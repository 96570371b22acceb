import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type EtcdVersion, resolveEtcd } from '../../fixtures/fleet/install/etcd-binary.js';
import type { ChurnReport } from './churn.js';
import { findIsolation, startIsolated } from './fleet/isolation.js';

export interface RunOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Default whichever is at hand. */
  readonly etcd?: EtcdVersion | undefined;
  /** Whether all hosts are killed and started, and stopped and started, once more at the end; default no. */
  readonly restart?: boolean;
  /** Whether to keep the hosts' logs and data even without complaints; default false. */
  readonly keep?: boolean;
  /** Told what happens when. */
  readonly say: (line: string) => void;
}

export interface RunResult extends ChurnReport {
  /** The directory with the hosts' logs and data; kept only if there are complaints. */
  readonly folder: string;
}

/** Runs a churn in surroundings of its own. */
export async function runChurn({
  restart = false,
  keep = false,
  etcd: version,
  ...given
}: RunOptions): Promise<RunResult> {
  const { seed, durationMs, say } = given;
  const [{ etcd, version: exact }, isolation] = await Promise.all([resolveEtcd(version), findIsolation()]);
  const folder = await mkdtemp(join(tmpdir(), 'hawser-churn-'));
  const isIsolated = isolation.length > 0;
  if (keep) say(`logs and data are in ${folder}`);
  say(`seed ${seed}, ${durationMs / 1_000} s, etcd ${exact}`);
  if (!isIsolated) say('this machine permits no network namespaces: hosts are never cut off');
  const program = fileURLToPath(new URL('./programs/isolated-run.js', import.meta.url));
  const options = JSON.stringify({ seed, durationMs, restart, etcd, folder, isIsolated });
  const child = startIsolated(isolation, program, [options]);
  const exited = once(child, 'exit');
  let last = '';
  if (child.stdout === null) throw new Error('the run has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) say(line);
    last = line;
  }
  const [code] = await exited;
  if (code !== 0)
    throw new Error(`the run of seed ${seed} ended with code ${code}; its hosts are in ${folder}`);
  const report = JSON.parse(last) as ChurnReport;
  if (report.complaints.length === 0 && !keep) await rm(folder, { recursive: true, force: true });
  return { ...report, folder };
}

/** For people. */
export function describeResult(result: RunResult): string {
  const { operations, appended, longestGapMs, longestEvenMs, formedMs, convergedMs, complaints, folder } =
    result;
  const lines = [
    `operations: ${operations.done} done, ${operations['not-done']} not done, ${operations.unknown} unknown; ${appended} keys appended`,
    `formed in ${formedMs} ms, at rest ${convergedMs} ms after the last trouble`,
    `longest time without a write ${longestGapMs} ms, with an even number of voters ${longestEvenMs} ms`,
    complaints.length === 0
      ? 'no complaints'
      : `${complaints.length} complaints; logs and data are in ${folder}:`,
    ...complaints.map((complaint) => `- ${complaint}`),
  ];
  return `${lines.join('\n')}\n`;
}
