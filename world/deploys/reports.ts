import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { followMap } from '../client/watch/follow-keys.js';
import { WorldError } from '../errors.js';
import { REPORTS_PREFIX, RUNNING_PREFIX } from '../keys.js';
import { checkDeployId, checkHostname } from '../validate-names.js';
import type { WorldContext } from '../world-context.js';
import { REPORT_STATES, type Report } from './report.js';
import { listRunning, type RunningApps, storeRunning } from './running-apps.js';

/** Progress of deploys, as agents report it. */
export interface ReportWorld {
  /** Stores this host's report on a deploy. @throws WorldError `invalid` for the report of another host */
  setReport(deployId: number, report: Report, options?: CallOptions): Promise<void>;
  /** Hostname to report; anything else is skipped, with a warning that names the key. */
  getReports(deployId: number, options?: CallOptions): Promise<Map<string, Report>>;
  /** Yields once the watch is set up, then once for each change or burst of changes. */
  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void>;
  /** Stores what runs on this host; writes only if something changed. */
  setRunning(running: RunningApps, options?: CallOptions): Promise<void>;
  /** What runs on each host, by hostname; of a host whose agent is not alive, what that saw last. */
  getRunning(options?: CallOptions): Promise<Map<string, RunningApps>>;
  /** Yields once the watch is set up, then once for each change or burst of changes of what runs anywhere. */
  watchRunning(options?: WatchOptions): AsyncIterable<void>;
}

export const reportSchema: z.ZodType<Report> = z.object({
  hostname: z.string(),
  state: z.enum(REPORT_STATES),
  step: z.string().exactOptional(),
  message: z.string(),
  at: z.string(),
  logTail: z.string().exactOptional(),
  current: z.number(),
});

/** What hosts report of deploys, at `/reports/$id/$hostname`. */
export class Reports implements ReportWorld {
  readonly #world: WorldContext;

  constructor(world: WorldContext) {
    this.#world = world;
  }

  async setReport(deployId: number, report: Report, options?: CallOptions): Promise<void> {
    checkHostname(report.hostname);
    if (report.hostname !== this.#world.hostname) {
      throw new WorldError(
        'invalid',
        `Host "${this.#world.hostname}" cannot report for host "${report.hostname}".`,
      );
    }
    const key = `${reportsPrefix(deployId)}${report.hostname}`;
    await this.#world.client.setIfChanged(key, JSON.stringify(report), options);
  }

  async getReports(deployId: number, options?: CallOptions): Promise<Map<string, Report>> {
    const prefix = reportsPrefix(deployId);
    const { entries } = await this.#world.client.list(prefix, options);
    return readHosts(reportSchema, prefix, entries, this.#world.log);
  }

  async setRunning(running: RunningApps, options?: CallOptions): Promise<void> {
    await storeRunning(this.#world.client, this.#world.hostname, running, options);
  }

  getRunning(options?: CallOptions): Promise<Map<string, RunningApps>> {
    return listRunning(this.#world.client, this.#world.log, options);
  }

  watchRunning(options?: WatchOptions): AsyncIterable<void> {
    return this.#world.client.changes({ key: RUNNING_PREFIX, prefix: true }, options);
  }

  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void> {
    return this.#world.client.changes({ key: reportsPrefix(deployId), prefix: true }, options);
  }
}

/** Yields what {@link ReportWorld.getReports} returns, at once and then after each change or burst of changes. */
export function followReports(
  client: Client,
  deployId: number,
  log: Log | undefined,
  options?: WatchOptions,
): AsyncIterable<ReadonlyMap<string, Report>> {
  const prefix = reportsPrefix(deployId);
  return followMap<string, Report>(client, prefix, options, {
    change: (reports, { type, entry }) => {
      const read = type === 'put' ? readHosts(reportSchema, prefix, [entry], log) : [];
      const [[hostname, report] = []] = read;
      if (hostname === undefined || report === undefined)
        return reports.delete(entry.key.slice(prefix.length));
      reports.set(hostname, report);
      return true;
    },
  });
}

/** Where the reports on a deploy are kept. @throws WorldError `invalid` for an id that is not valid. */
export function reportsPrefix(deployId: number): string {
  checkDeployId(deployId);
  return `${REPORTS_PREFIX}${deployId}/`;
}
