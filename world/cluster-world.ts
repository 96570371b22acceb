import type { Log } from '../base/log.js';
import type { Agent } from './agents/agents.js';
import type { CallOptions, WatchOptions } from './call-options.js';
import type { Client } from './client/client.js';
import type { Member } from './client/members.js';
import { getIdealClusterSize, setIdealClusterSize, watchIdealClusterSize } from './cluster/cluster-size.js';
import { Endpoints, type EndpointsWorld } from './cluster/endpoints.js';
import type { MembersWorld } from './cluster/members-world.js';
import { memberChanges } from './cluster/watch-members.js';
import type { Report } from './deploys/report.js';
import { Reports, type ReportWorld } from './deploys/reports.js';

/** The part of the World that tells of the hosts and of the etcd cluster that they run. */
export abstract class ClusterWorld implements ReportWorld, MembersWorld, EndpointsWorld {
  readonly hostname: string;
  /** For what has no World operation of its own, such as sessions. The World closes it. */
  readonly client: Client;
  readonly #reports: Reports;
  readonly #endpoints: Endpoints;

  constructor(client: Client, hostname: string, log: Log | undefined) {
    this.client = client;
    this.hostname = hostname;
    this.#reports = new Reports(client, hostname, log);
    this.#endpoints = new Endpoints(client, log);
  }

  setReport(deployId: number, report: Report, options?: CallOptions): Promise<void> {
    return this.#reports.setReport(deployId, report, options);
  }

  getReports(deployId: number, options?: CallOptions): Promise<Map<string, Report>> {
    return this.#reports.getReports(deployId, options);
  }

  watchReports(deployId: number, options?: WatchOptions): AsyncIterable<void> {
    return this.#reports.watchReports(deployId, options);
  }

  getAgents(options?: CallOptions): Promise<Map<string, Agent>> {
    return this.#reports.getAgents(options);
  }

  watchAgents(options?: WatchOptions): AsyncIterable<void> {
    return this.#reports.watchAgents(options);
  }

  members(options?: CallOptions): Promise<Member[]> {
    return this.client.members(options);
  }

  watchMembers(options?: WatchOptions): AsyncIterable<Member[]> {
    return memberChanges(this.client, options);
  }

  idealClusterSizeGet(options?: CallOptions): Promise<number> {
    return getIdealClusterSize(this.client, options);
  }

  idealClusterSizeSet(size: number, options?: CallOptions): Promise<void> {
    return setIdealClusterSize(this.client, size, options);
  }

  idealClusterSizeWatch(options?: WatchOptions): AsyncIterable<void> {
    return watchIdealClusterSize(this.client, options);
  }

  localEndpoints(): readonly string[] {
    return this.#endpoints.localEndpoints();
  }

  advertisedEndpoints(options?: CallOptions): Promise<Map<string, string[]>> {
    return this.#endpoints.advertisedEndpoints(options);
  }

  watchEndpoints(options?: WatchOptions): AsyncIterable<void> {
    return this.#endpoints.watchEndpoints(options);
  }
}
