import { onAbort, pause } from '../../../base/abort.js';
import type { Log } from '../../../base/log.js';
import { Notify } from '../../../base/notify.js';
import type { Client } from '../../client/client.js';
import type { Leadership } from '../../client/concurrency/owned-key.js';
import { retryUntilAvailable } from '../../client/retry-until-available.js';
import { readStoredJson } from '../../client/stored/read-json.js';
import type { Compare, TxnOp } from '../../client/txn/transaction.js';
import { foldWatches } from '../../client/watch/fold-watches.js';
import type { WatchItem } from '../../client/watch/watch-item.js';
import { WorldError } from '../../errors.js';
import { AGENTS_PREFIX, DEPLOYS_PREFIX, REPORTS_PREFIX, SCHEDULER_PATH } from '../../keys.js';
import { WatchedSchedules } from '../../scheduler/watched-schedules.js';
import { healthyWrite } from '../newest-deploy-per-app.js';
import { reportsPrefix } from '../reports.js';
import { decisionOf } from '../scheduled/decision-of.js';
import { decideRollout } from './decide-rollout.js';
import { type ChainLink, lookAtDeploy, type UndecidedDeploy } from './find-open-deploys.js';
import { DeploymentReader } from './read-payloads.js';
import { type RolloutRecord, rolloutKey, rolloutSchema } from './rollout-record.js';
import { WatchedRollouts } from './watched-rollouts.js';

/** Reports come in bursts: what they say together is decided on together. */
const BURST_MS = 25;

/** What is watched, in this order. */
const [DEPLOYS, AGENTS, REPORTS, SCHEDULES] = [0, 1, 2, 3];
const PREFIXES = [DEPLOYS_PREFIX, AGENTS_PREFIX, REPORTS_PREFIX, SCHEDULER_PATH];
const WATCHED = PREFIXES.map((key) => ({ key, prefix: true }));

export interface LeaderContext {
  readonly client: Client;
  readonly leadership: Leadership;
  readonly log: Log | undefined;
}

/**
 * Decides on the deploys of the fleet as its elected host, until there is nothing left to decide, or the signal aborts.
 * @returns the revision up to which everything is decided
 * @throws WorldError when it is no longer the elected one, or etcd refuses
 */
export async function leadRollouts(context: LeaderContext, signal: AbortSignal): Promise<bigint> {
  const { leadership } = context;
  const over = new AbortController();
  const unlisten = onAbort([signal, leadership.lost], () => over.abort());
  const leader = new RolloutLeader(context);
  const watching = leader.watch(over.signal).finally(() => over.abort());
  // Its failure is met where it is awaited.
  watching.catch(() => undefined);
  try {
    await leader.decide(over.signal);
    over.abort();
    await watching;
  } catch (error) {
    over.abort();
    // What ended the watch is why it could not decide.
    await watching;
    if (!signal.aborted && !leadership.lost.aborted) throw error;
  } finally {
    unlisten();
  }
  if (leadership.lost.aborted) throw leadership.lost.reason;
  return leader.knownRevision;
}

class RolloutLeader {
  readonly #context: LeaderContext;
  readonly #table: WatchedRollouts;
  readonly #schedules: WatchedSchedules;
  readonly #deployments: DeploymentReader;
  readonly #news = new Notify();
  /** What of the watched is set up and read. */
  readonly #ready = new Set<number>();
  #knownRevision = 0n;
  #writtenRevision = 0n;

  constructor(context: LeaderContext) {
    this.#context = context;
    this.#table = new WatchedRollouts(context.log, () => performance.now());
    this.#schedules = new WatchedSchedules(undefined);
    this.#deployments = new DeploymentReader(context.client, context.log);
  }

  /** Up to which revision all changes of the deploys are known. */
  get knownRevision(): bigint {
    return this.#knownRevision;
  }

  /** Keeps what is known up to date until the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const fold = {
      apply: (item: WatchItem, index: number, ended: AbortSignal) => this.#apply(item, index, ended),
      value: () => undefined,
    };
    for await (const _ of foldWatches(this.#context.client, WATCHED, { signal }, fold)) this.#news.notify();
  }

  /** Decides after each burst of changes, and when something is due. */
  async decide(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const untilMs =
        this.#ready.size < WATCHED.length ? Number.POSITIVE_INFINITY : await this.#decideAll(signal);
      // What it has written itself is seen once all that came before is.
      if (untilMs === undefined && this.#knownRevision >= this.#writtenRevision) return;
      if (untilMs === 0) continue;
      const isDue = untilMs !== undefined && Number.isFinite(untilMs);
      await this.#news.wait(isDue ? Math.max(0, untilMs - performance.now()) : undefined, signal);
      await pause(BURST_MS, signal);
    }
  }

  async #apply(item: WatchItem, index: number, signal: AbortSignal): Promise<boolean> {
    if (item.kind !== 'events') {
      await this.#read(index, signal);
      this.#ready.add(index);
    } else if (index === DEPLOYS) this.#table.applyDeploys(item.events);
    else if (index === AGENTS) this.#table.applyAgents(item.events);
    else if (index === SCHEDULES) this.#schedules.apply(item.events);
    else this.#table.addReports(item.events.flatMap(({ type, entry }) => (type === 'put' ? [entry] : [])));
    if (index === DEPLOYS) this.#knownRevision = item.revision;
    return true;
  }

  /** Reads what a watch that was set up, or has missed something, does not tell. */
  async #read(index: number, signal: AbortSignal): Promise<void> {
    // Those on each deploy are read when it is looked at.
    if (index === REPORTS) return this.#table.forgetReports();
    const { client } = this.#context;
    const key = PREFIXES[index] ?? '';
    const keysOnly = index === AGENTS;
    const { entries } = await retryUntilAvailable(signal, () => client.list(key, { signal, keysOnly }));
    if (index === DEPLOYS) this.#table.resetDeploys(entries);
    else if (index === AGENTS) this.#table.resetAgents(entries);
    else this.#schedules.reset(entries);
  }

  /** @returns when to look again although nothing has changed: 0 for at once; undefined when everything is decided */
  async #decideAll(signal: AbortSignal): Promise<number | undefined> {
    const times: number[] = [];
    for (const deploy of await this.#findUndecided(signal)) {
      await this.#readReports(deploy, signal);
      const schedule = decisionOf(this.#schedules, deploy.deployment);
      const { record, untilMs } = decideRollout({ ...this.#table.situationOf(deploy), schedule });
      if (record !== undefined) {
        await this.#store(deploy, record, signal);
        times.push(0);
      } else if (untilMs !== undefined) times.push(untilMs);
    }
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Goes back in the log of all apps together. @returns of each app the oldest first: what is before a decided one is decided */
  async #findUndecided(signal: AbortSignal): Promise<UndecidedDeploy[]> {
    const found: UndecidedDeploy[] = [];
    let links = [...this.#table.newest].map(([app, id]): ChainLink => ({ app, id, newest: id }));
    while (links.length > 0) {
      const ids = links.map(({ id }) => id);
      await retryUntilAvailable(signal, () => this.#deployments.read(ids, signal));
      links = links.flatMap((link) => {
        const deployment = this.#deployments.get(link.id);
        if (deployment === undefined) return [];
        const record = this.#table.rolloutOf(link.id)?.record;
        const { undecided, next } = lookAtDeploy(link, deployment, record);
        if (undecided !== undefined) found.push(undecided);
        return next === undefined ? [] : [next];
      });
    }
    return found.reverse();
  }

  async #readReports({ id, supersededBy }: UndecidedDeploy, signal: AbortSignal): Promise<void> {
    if (supersededBy !== undefined || this.#table.hasReports(id)) return;
    // What comes while they are read must not be lost.
    this.#table.expectReports(id);
    const list = () => this.#context.client.list(reportsPrefix(id), { signal });
    this.#table.addReports((await retryUntilAvailable(signal, list)).entries);
  }

  /** etcd itself refuses what was decided by a host that is no longer elected, or without knowing what was decided before. */
  async #store(
    { id, deployment }: UndecidedDeploy,
    record: RolloutRecord,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, leadership, log } = this.#context;
    const key = rolloutKey(id);
    const before = this.#table.rolloutOf(id)?.modRevision ?? 0n;
    const unchanged: Compare = { key, target: 'modRevision', relation: '=', to: before };
    const isBest = record.verdict === 'healthy' && !deployment.noop;
    const success: TxnOp[] = [
      { put: key, value: JSON.stringify(record) },
      ...(isBest ? healthyWrite(deployment.name, id) : []),
    ];
    const txn = {
      ...{ compare: [leadership.fence, unchanged], success },
      failure: [{ get: key }, { get: leadership.key }],
    };
    const { succeeded, revision, replies } = await retryUntilAvailable(signal, () =>
      client.txn(txn, { signal, repeatable: true }),
    );
    if (succeeded) {
      this.#writtenRevision = revision;
      this.#table.setRollout(id, { record, modRevision: revision });
      log?.('debug', `deploy ${id}: ${record.verdict ?? `${record.phase}, ${record.admitted} may switch`}`);
      return;
    }
    const [stored, owner] = replies.map(({ entries }) => entries[0]);
    if (owner?.createRevision !== leadership.createRevision)
      throw new WorldError('conflict', 'Another host was elected to decide on deploys.');
    // A person was faster, or the answer to our own write was lost.
    if (stored !== undefined)
      this.#table.setRollout(id, {
        ...{ record: readStoredJson(rolloutSchema, stored, log), modRevision: stored.modRevision },
      });
  }
}
