import { z } from 'zod';
import type { CallOptions, WatchOptions } from '../call-options.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { WorldError } from '../errors.js';
import { REPORTS_PREFIX } from '../keys.js';
import { checkDeployId, checkHostname } from '../validate-names.js';
import type { WorldContext } from '../world-context.js';
import type { Report } from './report.js';

/** Progress of deploys, as agents report it. */
export interface ReportWorld {
  /** Stores this host's report on a deploy. @throws WorldError `invalid` for the report of another host */
  setReport(deployId: number, report: Report, options?: CallOptions): Promise<void>;
  /** Hostname to report; anything else is skipped, with a warning that names the key. */
  getReports(deployId: number, options?: CallOptions): Promise<Map<string, Report>>;
  /** Yields once the watch is set up, then once for each change or burst of changes. */
  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void>;
}

const reportSchema: z.ZodType<Report> = z.object({
  hostname: z.string(),
  state: z.enum(['fetching', 'applying', 'healthy', 'failed', 'skipped']),
  message: z.string(),
  at: z.string(),
  logTail: z.string().exactOptional(),
  current: z.number(),
  app: z
    .object({ up: z.boolean(), restarts: z.number(), lastExit: z.string().exactOptional() })
    .exactOptional(),
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

  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void> {
    return this.#world.client.changes({ key: reportsPrefix(deployId), prefix: true }, options);
  }
}

/** Where the reports on a deploy are kept. @throws WorldError `invalid` for an id that is not valid. */
export function reportsPrefix(deployId: number): string {
  checkDeployId(deployId);
  return `${REPORTS_PREFIX}${deployId}/`;
}
