import type { Log } from '../base/log.js';
import { warnOnce } from '../base/log.js';
import type { CallOptions, WatchOptions } from './call-options.js';
import type { Client } from './client/client.js';
import { ClusterWorld } from './cluster-world.js';
import { DeployLog } from './deploys/deploy-log.js';
import { getTree } from './fs/copy/get-tree.js';
import { putTree, type TreeUpload } from './fs/copy/put-tree.js';
import { FileSystems, type FsOptions } from './fs/file-systems.js';
import type { FreedBlocks } from './fs/gc/gc.js';
import type { FsUsage } from './fs/gc/usage.js';
import type { WorldFs } from './fs/world-fs.js';
import type {
  ResDelete,
  ResExport,
  ResExportOptions,
  ResFilter,
  ResOutput,
} from './resources/resource-world.js';
import { Resources } from './resources/resources.js';
import type { SchedulerOptions } from './scheduler/options.js';
import { Scheduler } from './scheduler/scheduler.js';
import type { ScheduledResult, ScheduleOverview } from './scheduler/scheduler-world.js';
import type { Strategy } from './scheduler/strategy.js';
import { StringMaps } from './strings/string-maps.js';
import { Strings } from './strings/strings.js';
import type { World } from './world.js';

/** The World over an etcd client, however that reaches etcd; it closes the client. */
export class ClientWorld extends ClusterWorld implements World {
  readonly #strings: Strings;
  readonly #maps: StringMaps;
  readonly #resources: Resources;
  readonly #deploys: DeployLog;
  readonly #fileSystems: FileSystems;
  readonly #scheduler: Scheduler;

  constructor(client: Client, hostname: string, log?: Log, fsOptions: FsOptions = {}) {
    const quiet = warnOnce(log);
    super(client, hostname, quiet);
    this.#strings = new Strings(client);
    this.#maps = new StringMaps(client, hostname, quiet);
    this.#resources = new Resources(client, hostname, quiet);
    this.#deploys = new DeployLog(client, quiet);
    this.#scheduler = new Scheduler(client, hostname, quiet);
    this.#fileSystems = new FileSystems(client, log, fsOptions);
  }

  strWatch(key: string, options?: WatchOptions): AsyncIterable<void> {
    return this.#strings.strWatch(key, options);
  }

  strGet(key: string, options?: CallOptions): Promise<string> {
    return this.#strings.strGet(key, options);
  }

  strSet(key: string, value: string, options?: CallOptions): Promise<void> {
    return this.#strings.strSet(key, value, options);
  }

  strDel(key: string, options?: CallOptions): Promise<void> {
    return this.#strings.strDel(key, options);
  }

  strIsNotExist(error: unknown): boolean {
    return this.#strings.strIsNotExist(error);
  }

  strMapWatch(key: string, options?: WatchOptions): AsyncIterable<void> {
    return this.#maps.strMapWatch(key, options);
  }

  strMapFollow(key: string, options?: WatchOptions): AsyncIterable<ReadonlyMap<string, string>> {
    return this.#maps.strMapFollow(key, options);
  }

  strMapGet(key: string, options?: CallOptions): Promise<Map<string, string>> {
    return this.#maps.strMapGet(key, options);
  }

  strMapSet(key: string, value: string, options?: CallOptions): Promise<void> {
    return this.#maps.strMapSet(key, value, options);
  }

  strMapDel(key: string, options?: CallOptions): Promise<void> {
    return this.#maps.strMapDel(key, options);
  }

  resWatch(kind?: string, options?: WatchOptions): AsyncIterable<void> {
    return this.#resources.resWatch(kind, options);
  }

  resCollect(filters: readonly ResFilter[], options?: CallOptions): Promise<ResOutput[]> {
    return this.#resources.resCollect(filters, options);
  }

  resExport(exports: readonly ResExport[], options?: ResExportOptions): Promise<boolean> {
    return this.#resources.resExport(exports, options);
  }

  resDelete(deletes: readonly ResDelete[], options?: CallOptions): Promise<boolean> {
    return this.#resources.resDelete(deletes, options);
  }

  watchDeploy(options?: WatchOptions): AsyncIterable<void> {
    return this.#deploys.watchDeploy(options);
  }

  getDeploy(id: number, options?: CallOptions): Promise<string> {
    return this.#deploys.getDeploy(id, options);
  }

  getDeploys(options?: CallOptions): Promise<Map<number, string>> {
    return this.#deploys.getDeploys(options);
  }

  getMaxDeployId(options?: CallOptions): Promise<number> {
    return this.#deploys.getMaxDeployId(options);
  }

  getDeployHash(id: number, options?: CallOptions): Promise<string> {
    return this.#deploys.getDeployHash(id, options);
  }

  addDeploy(
    id: number,
    hash: string,
    parentHash: string,
    payload: string,
    options?: CallOptions,
  ): Promise<void> {
    return this.#deploys.addDeploy(id, hash, parentHash, payload, options);
  }

  pruneDeploys(keep: number, options?: CallOptions): Promise<number> {
    return this.#deploys.pruneDeploys(keep, options);
  }

  async putTree(
    folder: string,
    options?: CallOptions & { onProgress?: (done: { bytes: number; of: number }) => void },
  ): Promise<TreeUpload> {
    const stored = await putTree(this.client, folder, options);
    this.#deploys.treeStored(stored.tree);
    return stored;
  }

  getTree(tree: string, folder: string, options?: CallOptions): Promise<void> {
    return getTree(this.client, tree, folder, options);
  }

  scheduler(namespace: string, options?: SchedulerOptions & WatchOptions): AsyncIterable<ScheduledResult> {
    return this.#scheduler.scheduler(namespace, options);
  }

  scheduled(namespace: string, options?: WatchOptions): AsyncIterable<ScheduledResult> {
    return this.#scheduler.scheduled(namespace, options);
  }

  schedulerAdd(
    namespace: string,
    options?: SchedulerOptions & CallOptions & { readonly apply?: boolean },
  ): Promise<boolean> {
    return this.#scheduler.schedulerAdd(namespace, options);
  }

  schedulerWithdraw(
    namespace: string,
    options?: CallOptions & { readonly apply?: boolean },
  ): Promise<boolean> {
    return this.#scheduler.schedulerWithdraw(namespace, options);
  }

  scheduledGet(namespace: string, options?: CallOptions): Promise<ScheduledResult> {
    return this.#scheduler.scheduledGet(namespace, options);
  }

  schedules(options?: CallOptions): Promise<ScheduleOverview[]> {
    return this.#scheduler.schedules(options);
  }

  schedulerRun(options?: WatchOptions): Promise<void> {
    return this.#scheduler.schedulerRun(options);
  }

  registerStrategy(name: string, strategy: Strategy): void {
    this.#scheduler.registerStrategy(name, strategy);
  }

  fs(uri: string): WorldFs {
    return this.#fileSystems.fs(uri);
  }

  fsGc(options?: CallOptions): Promise<FreedBlocks> {
    return this.#fileSystems.gc(options);
  }

  fsUsage(options?: CallOptions): Promise<FsUsage> {
    return this.#fileSystems.usage(options);
  }

  uri(): string {
    return this.#fileSystems.uri();
  }

  async close(): Promise<void> {
    await this.#scheduler.close();
    await this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
