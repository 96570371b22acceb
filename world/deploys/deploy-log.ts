import type { CallOptions, WatchOptions } from '../call-options.js';
import type { TxnReply } from '../client/client-types.js';
import { checkText } from '../client/stored/check-text.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { readText, textOf } from '../client/stored/read-text.js';
import { WorldError } from '../errors.js';
import { DEPLOY_PREFIX, DEPLOYS_PREFIX } from '../keys.js';
import { checkDeployId } from '../validate-names.js';
import type { WorldContext } from '../world-context.js';
import { conditions, explain, type NewDeploy, questions, writes } from './append-transaction.js';
import { deleteOldDeploys } from './delete-old-deploys.js';
import { hashKey, parseDeployKey, payloadKey } from './deploy-keys.js';
import { parseDeployment } from './deploy-payload.js';
import { findNewestId } from './find-newest-id.js';
import { followDeploys } from './follow-deploys.js';
import { listApps } from './newest-deploy-per-app.js';
import { followRollout } from './rollout/follow-rollout.js';
import type { RolloutRecord } from './rollout/rollout-record.js';

/**
 * The append-only deploy log. Ids are whole numbers from 1 without a gap; any other number is a WorldError `invalid`. Keys
 * that another program left among the deploys are skipped, with a warning that names the key.
 */
export interface DeployWorld {
  /** Yields once the watch is set up, then once for each change or burst of changes of the log. */
  watchDeploy(options?: WatchOptions): AsyncIterable<void>;
  /** Yields what {@link getDeploys} returns, at once and then after each change or burst of changes. */
  deploysFollow(options?: WatchOptions): AsyncIterable<ReadonlyMap<number, string>>;
  /** The payload of one deploy; the empty string for id 0. @throws WorldError `not-found`; `invalid` when it is not UTF-8 */
  getDeploy(id: number, options?: CallOptions): Promise<string>;
  /** All payloads by id, the oldest first. */
  getDeploys(options?: CallOptions): Promise<Map<number, string>>;
  /** The newest id; 0 when there is none. Costs the same for a log of any length. */
  getMaxDeployId(options?: CallOptions): Promise<number>;
  /** The hash stored with a deploy; the empty string when it has none. */
  getDeployHash(id: number, options?: CallOptions): Promise<string>;
  /**
   * Appends deploy `id`, which must be the newest id plus one, in one transaction, exactly once even when the answer is lost.
   * After `outcome-unknown` or an abort the same call may be made again on the same World: it succeeds if it had been applied.
   * A `hash` is stored beside it; with a `parentHash` too, the previous deploy's hash must equal it.
   * @throws WorldError `conflict` when the id is taken or not next, or the parent hash differs; `not-found` when its tree,
   * stored over this World, was freed since.
   */
  addDeploy(...args: AddDeployArguments): Promise<void>;
  /** Yields what `getRollout` returns, at once and then after each change; it has a verdict in the end. */
  rolloutFollow(id: number, options?: WatchOptions): AsyncIterable<RolloutRecord | undefined>;
  /** The id of the newest deploy of each app, by its name. Read it after {@link getMaxDeployId} to append behind it. */
  getApps(options?: CallOptions): Promise<Map<string, number>>;
  /**
   * Yields once the watch is set up, then once for each change or burst of changes of what hosts have to know: a new
   * deploy of an app, or a decision on one.
   */
  watchApps(options?: WatchOptions): AsyncIterable<void>;
  /**
   * Deletes all deploys, with their hashes and reports, but the newest `keep` (from 1) and those that a host runs by its
   * last report, however old. The next deploy follows as before. {@link FsWorld.fsGc} then frees what only they stored.
   * @returns how many deploys were deleted.
   * @throws WorldError `invalid` for a number that is not valid
   */
  pruneDeploys(keep: number, options?: CallOptions): Promise<number>;
}

/** A deploy to append. */
export interface DeployToAdd {
  /** The newest id plus one. */
  readonly id: number;
  readonly payload: string;
  /** Stored beside the payload. Default none. */
  readonly hash?: string | undefined;
  /** With `hash`: what the hash of the previous deploy must be. Default: it is not compared. */
  readonly parentHash?: string | undefined;
  /** The revision of the lock of its app, 0 for none: it is refused (`conflict`) if that has changed. Default: it is not compared. */
  readonly lockRevision?: bigint | undefined;
}

/** One object, or the seed's positional form, in which an empty string is no hash. */
export type AddDeployArguments =
  | [deploy: DeployToAdd, options?: CallOptions]
  | [id: number, hash: string, parentHash: string, payload: string, options?: CallOptions];

/** The append-only deploy log at `/deploy/$id/payload` and `/deploy/$id/hash`. */
export class DeployLog implements DeployWorld {
  readonly #world: WorldContext;
  /** What was sent and never answered, so that a caller who tries again does not take it for a rival's. */
  readonly #unsettled = new Map<number, NewDeploy>();
  /** The trees that were stored over this World. */
  readonly #stored = new Set<string>();

  constructor(world: WorldContext) {
    this.#world = world;
  }

  /** A tree was stored: a deploy that names it is refused when it was freed before. */
  treeStored(tree: string): void {
    this.#stored.add(tree);
  }

  watchDeploy(options?: WatchOptions): AsyncIterable<void> {
    return this.#world.client.changes({ key: DEPLOY_PREFIX, prefix: true }, options);
  }

  deploysFollow(options?: WatchOptions): AsyncIterable<ReadonlyMap<number, string>> {
    return followDeploys(this.#world.client, this.#world.log, options);
  }

  async getDeploy(id: number, options?: CallOptions): Promise<string> {
    if (id === 0) return '';
    checkDeployId(id);
    const entry = await this.#world.client.get(payloadKey(id), options);
    if (entry === undefined)
      throw new WorldError('not-found', `There is no deploy ${id}.`, { key: payloadKey(id) });
    return textOf(entry);
  }

  async getDeploys(options?: CallOptions): Promise<Map<number, string>> {
    const { entries } = await this.#world.client.list(DEPLOY_PREFIX, options);
    const found: [number, string][] = [];
    for (const entry of entries) {
      const parsed = parseDeployKey(entry.key);
      if (parsed === undefined) logSkipped(this.#world.log, entry.key, 'it is not part of a deploy');
      if (parsed?.part !== 'payload') continue;
      const payload = readText(entry, this.#world.log);
      if (payload !== undefined) found.push([parsed.id, payload]);
    }
    return new Map(found.sort(([a], [b]) => a - b));
  }

  rolloutFollow(id: number, options?: WatchOptions): AsyncIterable<RolloutRecord | undefined> {
    checkDeployId(id);
    return followRollout(this.#world.client, id, this.#world.log, options);
  }

  getApps(options?: CallOptions): Promise<Map<string, number>> {
    return listApps(this.#world.client, this.#world.log, options);
  }

  watchApps(options?: WatchOptions): AsyncIterable<void> {
    return this.#world.client.changes({ key: DEPLOYS_PREFIX, prefix: true }, options);
  }

  getMaxDeployId(options?: CallOptions): Promise<number> {
    return findNewestId(this.#world.client, this.#world.log, options);
  }

  pruneDeploys(keep: number, options?: CallOptions): Promise<number> {
    return deleteOldDeploys(this.#world.client, keep, options);
  }

  async getDeployHash(id: number, options?: CallOptions): Promise<string> {
    if (id === 0) return '';
    checkDeployId(id);
    const entry = await this.#world.client.get(hashKey(id), options);
    return entry === undefined ? '' : textOf(entry);
  }

  async addDeploy(...args: AddDeployArguments): Promise<void> {
    const [{ id, hash = '', parentHash = '', payload, lockRevision }, options] = deployOf(args);
    checkDeployId(id);
    options?.signal?.throwIfAborted();
    for (const text of [hash, parentHash, payload]) checkText(text, `Deploy ${id}`);
    const { tree, name } = parseDeployment(payload) ?? {};
    const isTreeStored = tree !== undefined && this.#stored.has(tree);
    const deploy = { id, hash, parentHash, payload, tree, name, isTreeStored, lockRevision };
    const unsettled = this.#unsettled.get(id);
    const { succeeded, replies, repeated } = await this.#append(deploy, options);
    if (succeeded) return this.#settle(id);
    const value = (index: number): string | undefined => replies[index]?.entries[0]?.value.toString();
    const found = {
      payload: value(0),
      hash: value(1),
      previousExists: (replies[2]?.count ?? 0) > 0,
      previousHash: value(3),
      isLockChanged:
        lockRevision !== undefined && (replies[4]?.entries[0]?.modRevision ?? 0n) !== lockRevision,
      isTreeFreed: isTreeStored && (replies[5]?.count ?? 0) === 0,
    };
    const ours = repeated || (unsettled?.payload === payload && unsettled.hash === hash);
    if (ours && found.payload === payload && (found.hash ?? '') === hash) return this.#settle(id);
    throw explain(deploy, found);
  }

  #settle(id: number): void {
    this.#unsettled.delete(id);
  }

  /** The conditions fail once it is applied, so a second application changes nothing; what is stored tells whose it is. */
  async #append(deploy: NewDeploy, options: CallOptions | undefined): Promise<TxnReply> {
    const txn = { compare: conditions(deploy), success: writes(deploy), failure: questions(deploy) };
    try {
      return await this.#world.client.txn(txn, { ...options, repeatable: true });
    } catch (error) {
      const refused = error instanceof WorldError && error.code !== 'outcome-unknown';
      if (!refused) this.#unsettled.set(deploy.id, deploy);
      throw error;
    }
  }
}

function deployOf(args: AddDeployArguments): [DeployToAdd, CallOptions | undefined] {
  if (typeof args[0] === 'object') return args as [DeployToAdd, CallOptions | undefined];
  const [id, hash, parentHash, payload, options] = args as Extract<
    AddDeployArguments,
    [number, ...unknown[]]
  >;
  return [{ id, hash, parentHash, payload }, options];
}
