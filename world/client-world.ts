import type { Log } from '../base/log.js';
import { warnOnce } from '../base/log.js';
import { getConverged, watchConverged } from './agents/convergence.js';
import { followAgents, listAgents, watchAgents } from './agents/registered-agents.js';
import { waitConverged } from './agents/wait-converged.js';
import type { Client } from './client/client.js';
import { campaign, leader } from './client/concurrency/election.js';
import { lock } from './client/concurrency/lock.js';
import { getEndpoints, watchEndpoints } from './cluster/advertised-endpoints.js';
import {
  getIdealClusterSize,
  setIdealClusterSize,
  watchIdealClusterSize,
} from './cluster/ideal-cluster-size.js';
import { watchMembers } from './cluster/watch-members.js';
import { DeployLog } from './deploys/deploy-log.js';
import { Reports } from './deploys/reports.js';
import { Rollouts } from './deploys/rollout/rollouts.js';
import { diffTrees } from './fs/deploy-trees/diff-stored-trees.js';
import { getTree } from './fs/deploy-trees/get-deploy-tree.js';
import { describeFolder, putTree } from './fs/deploy-trees/put-deploy-tree.js';
import { FileSystems, type FsOptions } from './fs/file-systems.js';
import { electionKey, followLeader, lockKey } from './locks-api.js';
import { Resources } from './resources/exported-resources.js';
import { Scheduler } from './scheduler/scheduler.js';
import { StringMaps } from './strings/string-maps.js';
import { Strings } from './strings/strings.js';
import type { World } from './world.js';
import type { WorldContext } from './world-context.js';

/** A part of the World, which is made when it is used for the first time. */
interface Part<T> {
  (): T;
  readonly made: T | undefined;
}

function part<T>(make: () => T): Part<T> {
  let made: T | undefined;
  const get = () => (made ??= make());
  return Object.defineProperty(get, 'made', { get: () => made }) as Part<T>;
}

/** The World over an etcd client, however that reaches etcd; it closes the client. */
export class ClientWorld implements World {
  readonly hostname: string;
  /** For what has no World operation of its own, such as sessions. The World closes it. */
  readonly client: Client;
  readonly #log: Log | undefined;
  readonly #strings: Strings;
  readonly #maps: Part<StringMaps>;
  readonly #resources: Part<Resources>;
  readonly #deploys: Part<DeployLog>;
  readonly #reports: Part<Reports>;
  readonly #rollouts: Part<Rollouts>;
  readonly #scheduler: Part<Scheduler>;
  readonly #fileSystems: Part<FileSystems>;

  constructor(client: Client, hostname: string, log?: Log, fsOptions: FsOptions = {}) {
    this.client = client;
    this.hostname = hostname;
    this.#log = warnOnce(log);
    const context: WorldContext = { client, hostname, log: this.#log };
    this.#strings = new Strings(context);
    this.#maps = part(() => new StringMaps(context));
    this.#resources = part(() => new Resources(context));
    this.#deploys = part(() => new DeployLog(context));
    this.#reports = part(() => new Reports(context));
    this.#rollouts = part(() => new Rollouts(context));
    this.#scheduler = part(() => new Scheduler(context));
    this.#fileSystems = part(() => new FileSystems({ client, hostname, log }, fsOptions));
  }

  /** The fingerprint of the SSH key that opened the way to etcd; undefined without SSH, and where it is not known. */
  get loginKey(): string | undefined {
    return undefined;
  }

  readonly strGet: World['strGet'] = (...args) => this.#strings.strGet(...args);
  readonly strSet: World['strSet'] = (...args) => this.#strings.strSet(...args);
  readonly strDel: World['strDel'] = (...args) => this.#strings.strDel(...args);
  readonly strWatch: World['strWatch'] = (...args) => this.#strings.strWatch(...args);
  readonly strFollow: World['strFollow'] = (...args) => this.#strings.strFollow(...args);
  readonly strIsNotExist: World['strIsNotExist'] = (error) => this.#strings.strIsNotExist(error);

  readonly strMapGet: World['strMapGet'] = (...args) => this.#maps().strMapGet(...args);
  readonly strMapSet: World['strMapSet'] = (...args) => this.#maps().strMapSet(...args);
  readonly strMapDel: World['strMapDel'] = (...args) => this.#maps().strMapDel(...args);
  readonly strMapWatch: World['strMapWatch'] = (...args) => this.#maps().strMapWatch(...args);
  readonly strMapFollow: World['strMapFollow'] = (...args) => this.#maps().strMapFollow(...args);

  readonly resCollect: World['resCollect'] = (...args) => this.#resources().resCollect(...args);
  readonly resExport: World['resExport'] = (...args) => this.#resources().resExport(...args);
  readonly resDelete: World['resDelete'] = (...args) => this.#resources().resDelete(...args);
  readonly resWatch: World['resWatch'] = (...args) => this.#resources().resWatch(...args);

  readonly addDeploy: World['addDeploy'] = (...args) => this.#deploys().addDeploy(...args);
  readonly getDeploy: World['getDeploy'] = (...args) => this.#deploys().getDeploy(...args);
  readonly getDeploys: World['getDeploys'] = (...args) => this.#deploys().getDeploys(...args);
  readonly getDeployHash: World['getDeployHash'] = (...args) => this.#deploys().getDeployHash(...args);
  readonly rolloutFollow: World['rolloutFollow'] = (...args) => this.#deploys().rolloutFollow(...args);
  readonly getApps: World['getApps'] = (options) => this.#deploys().getApps(options);
  readonly watchApps: World['watchApps'] = (options) => this.#deploys().watchApps(options);
  readonly getMaxDeployId: World['getMaxDeployId'] = (...args) => this.#deploys().getMaxDeployId(...args);
  readonly pruneDeploys: World['pruneDeploys'] = (...args) => this.#deploys().pruneDeploys(...args);
  readonly watchDeploy: World['watchDeploy'] = (...args) => this.#deploys().watchDeploy(...args);
  readonly deploysFollow: World['deploysFollow'] = (...args) => this.#deploys().deploysFollow(...args);
  readonly setReport: World['setReport'] = (...args) => this.#reports().setReport(...args);
  readonly getReports: World['getReports'] = (...args) => this.#reports().getReports(...args);
  readonly watchReports: World['watchReports'] = (...args) => this.#reports().watchReports(...args);
  readonly setRunning: World['setRunning'] = (...args) => this.#reports().setRunning(...args);
  readonly getRunning: World['getRunning'] = (options) => this.#reports().getRunning(options);
  readonly watchRunning: World['watchRunning'] = (options) => this.#reports().watchRunning(options);

  readonly getRollout: World['getRollout'] = (...args) => this.#rollouts().getRollout(...args);
  readonly abortDeploy: World['abortDeploy'] = (...args) => this.#rollouts().abortDeploy(...args);
  readonly resumeDeploy: World['resumeDeploy'] = (...args) => this.#rollouts().resumeDeploy(...args);
  readonly confirmDeploy: World['confirmDeploy'] = (...args) => this.#rollouts().confirmDeploy(...args);

  readonly getAgents: World['getAgents'] = (options) => listAgents(this.client, this.#log, options);
  readonly watchAgents: World['watchAgents'] = (options) => watchAgents(this.client, options);

  readonly agentsFollow: World['agentsFollow'] = (options) => followAgents(this.client, this.#log, options);
  readonly converged: World['converged'] = (options) =>
    getConverged(this.client, { ...options, log: this.#log });
  readonly convergedWatch: World['convergedWatch'] = (options) => watchConverged(this.client, options);
  readonly waitConverged: World['waitConverged'] = (options) => waitConverged(this.client, options);

  readonly lock: World['lock'] = async (name, options) => lock(this.client, lockKey(name), options);
  readonly campaign: World['campaign'] = async (name, { value = this.hostname, ...options } = {}) =>
    campaign(this.client, electionKey(name), value, options);
  readonly leader: World['leader'] = async (name, options) =>
    (await leader(this.client, electionKey(name), options))?.value.toString();
  readonly leaderFollow: World['leaderFollow'] = (name, options) => followLeader(this.client, name, options);

  readonly members: World['members'] = (options) => this.client.cluster.members(options);
  readonly watchMembers: World['watchMembers'] = (options) => watchMembers(this.client, options);
  readonly idealClusterSizeGet: World['idealClusterSizeGet'] = (options) =>
    getIdealClusterSize(this.client, options);
  readonly idealClusterSizeSet: World['idealClusterSizeSet'] = (size, options) =>
    setIdealClusterSize(this.client, size, options);
  readonly idealClusterSizeWatch: World['idealClusterSizeWatch'] = (options) =>
    watchIdealClusterSize(this.client, options);
  readonly localEndpoints: World['localEndpoints'] = () => this.client.endpoints;
  readonly advertisedEndpoints: World['advertisedEndpoints'] = (options) =>
    getEndpoints(this.client, this.#log, options);
  readonly watchEndpoints: World['watchEndpoints'] = (options) => watchEndpoints(this.client, options);

  readonly scheduler: World['scheduler'] = (...args) => this.#scheduler().scheduler(...args);
  readonly scheduled: World['scheduled'] = (...args) => this.#scheduler().scheduled(...args);
  readonly scheduledGet: World['scheduledGet'] = (...args) => this.#scheduler().scheduledGet(...args);
  readonly schedules: World['schedules'] = (...args) => this.#scheduler().schedules(...args);
  readonly schedulerAdd: World['schedulerAdd'] = (...args) => this.#scheduler().schedulerAdd(...args);
  readonly schedulerWithdraw: World['schedulerWithdraw'] = (...args) =>
    this.#scheduler().schedulerWithdraw(...args);
  readonly schedulerRun: World['schedulerRun'] = (...args) => this.#scheduler().schedulerRun(...args);
  readonly registerStrategy: World['registerStrategy'] = (...args) =>
    this.#scheduler().registerStrategy(...args);

  readonly fs: World['fs'] = (uri) => this.#fileSystems().fs(uri);
  readonly uri: World['uri'] = () => this.#fileSystems().uri();
  readonly fsGc: World['fsGc'] = (options) => this.#fileSystems().fsGc(options);
  readonly fsUsage: World['fsUsage'] = (options) => this.#fileSystems().fsUsage(options);
  readonly getTree: World['getTree'] = (...args) => getTree(this.client, ...args);
  readonly describeFolder: World['describeFolder'] = (...args) => describeFolder(...args);
  readonly diffTrees: World['diffTrees'] = (...args) => diffTrees(this.client, ...args);
  readonly putTree: World['putTree'] = async (...args) => {
    const stored = await putTree(this.client, ...args);
    this.#deploys().treeStored(stored.tree);
    return stored;
  };

  async close(): Promise<void> {
    await this.#scheduler.made?.close();
    await this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
