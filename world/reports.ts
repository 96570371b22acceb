import { z } from 'zod';
import { AGENTS_PREFIX, listAgents } from './agents.js';
import type { Client } from './client/client.js';
import { WorldError } from './errors.js';
import type { Log } from './log.js';
import { checkDeployId, checkHostname } from './names.js';
import { pulses } from './pulses.js';
import { readStoredJson } from './stored-json.js';
import type { Agent, CallOptions, Report, ReportWorld, WatchOptions } from './world.js';

const reportSchema: z.ZodType<Report> = z.object({
  hostname: z.string(),
  state: z.enum(['fetching', 'applying', 'healthy', 'failed', 'skipped']),
  message: z.string(),
  at: z.string(),
  logTail: z.string().exactOptional(),
  current: z.number(),
});

/** Progress of deploys at `/reports/$id/$hostname`, and who lives at `/agents/$hostname`. */
export class Reports implements ReportWorld {
  readonly #client: Client;
  readonly #hostname: string;
  readonly #log: Log | undefined;

  constructor(client: Client, hostname: string, log: Log | undefined) {
    this.#client = client;
    this.#hostname = hostname;
    this.#log = log;
  }

  async setReport(deployId: number, report: Report, options?: CallOptions): Promise<void> {
    checkHostname(report.hostname);
    if (report.hostname !== this.#hostname) {
      throw new WorldError(
        'invalid',
        `Host "${this.#hostname}" cannot report for host "${report.hostname}".`,
      );
    }
    const key = `${reportsPrefix(deployId)}${report.hostname}`;
    await this.#client.setIfChanged(key, JSON.stringify(report), options);
  }

  async getReports(deployId: number, options?: CallOptions): Promise<Map<string, Report>> {
    const prefix = reportsPrefix(deployId);
    const { entries } = await this.#client.list(prefix, options);
    const reports = new Map<string, Report>();
    for (const entry of entries) {
      const report = readStoredJson(reportSchema, entry, this.#log);
      if (report !== undefined) reports.set(entry.key.slice(prefix.length), report);
    }
    return reports;
  }

  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void> {
    return pulses(this.#client, { key: reportsPrefix(deployId), prefix: true }, options);
  }

  getAgents(options?: CallOptions): Promise<Map<string, Agent>> {
    return listAgents(this.#client, this.#log, options);
  }

  watchAgents(options?: WatchOptions): AsyncIterable<void> {
    return pulses(this.#client, { key: AGENTS_PREFIX, prefix: true }, options);
  }
}

function reportsPrefix(deployId: number): string {
  checkDeployId(deployId);
  return `/reports/${deployId}/`;
}
