import type { ClientWorld } from '../../../world/client-world.js';
import type { Report } from '../../../world/deploys/report.js';
import { CliError } from '../../errors.js';
import type { Lines } from '../../output/escaped-lines.js';
import { lines, logTailLines } from '../../output/print.js';
import { type ReadCall, readDeployment } from '../read-deploys.js';

/** What a host has written in a deploy. */
interface HostOutput {
  readonly hostname: string;
  readonly state: Report['state'];
  readonly step: string | null;
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
  /** The last lines; empty for none. */
  readonly output: string;
}

/**
 * What the programs of a deploy have written last on each host: a failed step, or its hooks; the host that reported first comes first.
 * @param id default the newest
 * @throws CliError `usage` when there is no such deploy
 */
export async function readDeployOutput(
  world: ClientWorld,
  id: number | undefined,
  call: ReadCall,
): Promise<{ value: Readonly<Record<string, unknown>>; text: Lines }> {
  const wanted = id ?? Math.max(0, ...(await world.getApps(call)).values());
  if (wanted === 0) throw new CliError('usage', 'There is no deploy yet: make one with "hawser deploy".');
  const [{ deployment, record }, reports] = await Promise.all([
    readDeployment(world, wanted, call),
    world.getReports(wanted, call),
  ]);
  const hosts = [...reports.values()].sort(byTime).map(
    ({ hostname, state, step, message, at, logTail }): HostOutput => ({
      ...{ hostname, state, step: step ?? null, message, at, output: logTail ?? '' },
    }),
  );
  const app = deployment.name;
  const value = { id: wanted, app, verdict: record?.verdict ?? 'running', hosts };
  if (hosts.length === 0)
    return { value, text: lines([`No host has reported on deploy ${wanted} of ${app} yet.`]) };
  return {
    value,
    text: lines(hosts.flatMap((host, index) => [...(index === 0 ? [] : ['']), ...describe(host)])),
  };
}

function byTime(a: Report, b: Report): number {
  if (a.at === b.at) return a.hostname < b.hostname ? -1 : 1;
  return a.at < b.at ? -1 : 1;
}

function describe({ hostname, state, step, message, at, output }: HostOutput): string[] {
  const where = step === null ? '' : ` at ${step}`;
  const head = `${hostname}: ${state}${where}, ${at.replace('T', ' ').slice(0, 19)} UTC: ${message}`;
  return [head, ...(output === '' ? ['  no output'] : logTailLines(output))];
}
