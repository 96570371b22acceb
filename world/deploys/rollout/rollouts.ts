import type { CallOptions } from '../../call-options.js';
import { readStoredJson } from '../../client/stored/read-json.js';
import { textOf } from '../../client/stored/read-text.js';
import type { Compare } from '../../client/txn/transaction.js';
import { WorldError } from '../../errors.js';
import { checkDeployId } from '../../validate-names.js';
import type { WorldContext } from '../../world-context.js';
import { payloadKey } from '../deploy-keys.js';
import { type Deployment, parseDeployment } from '../deploy-payload.js';
import { reportSchema, reportsPrefix } from '../reports.js';
import { abortRollout, confirmRollout, resumeRollout } from './change-rollout.js';
import { type RolloutRecord, rolloutKey, rolloutSchema } from './rollout-record.js';

/** Options of what a person does with a deploy. */
export interface PersonOptions extends CallOptions {
  /** Who does it, for others to read. Default: nobody is named. */
  readonly by?: string | undefined;
}

/** What the hosts have decided on deploys, and what a person may tell them. */
export interface RolloutWorld {
  /** How far the hosts are with a deploy, and the verdict on it; undefined while nothing was decided. */
  getRollout(deployId: number, options?: CallOptions): Promise<RolloutRecord | undefined>;
  /**
   * Tells the hosts to take back a deploy that is under way or paused. They do it by themselves: the verdict will be `stopped`.
   * @param options.reason in a few words, for others to read. Default none.
   * @throws WorldError `conflict` for one that has ended; `not-found`
   */
  abortDeploy(
    deployId: number,
    options?: PersonOptions & { readonly reason?: string | undefined },
  ): Promise<void>;
  /** Tells the hosts to go on with a deploy that is paused. @throws WorldError `conflict` for one that is not; `not-found` */
  resumeDeploy(deployId: number, options?: PersonOptions): Promise<void>;
  /**
   * Tells the hosts that the fleet can still be reached, for a deploy that they take back without it.
   * @throws WorldError `conflict` for one that is being taken back or has ended; `not-found`
   */
  confirmDeploy(deployId: number, options?: PersonOptions): Promise<void>;
}

/** What a person changes a rollout to. @throws WorldError `conflict` */
type Change = (
  id: number,
  deployment: Deployment,
  record: RolloutRecord | undefined,
) => RolloutRecord | Promise<RolloutRecord>;

/** What the hosts have decided, at `/hawser/deploys/rollouts/$id`. */
export class Rollouts implements RolloutWorld {
  readonly #world: WorldContext;

  constructor(world: WorldContext) {
    this.#world = world;
  }

  async getRollout(deployId: number, options?: CallOptions): Promise<RolloutRecord | undefined> {
    checkDeployId(deployId);
    const stored = await this.#world.client.get(rolloutKey(deployId), options);
    return stored && readStoredJson(rolloutSchema, stored, this.#world.log);
  }

  async abortDeploy(
    deployId: number,
    { by, reason, ...options }: PersonOptions & { readonly reason?: string | undefined } = {},
  ): Promise<void> {
    await this.#change(deployId, options, (...rollout) => abortRollout(rollout, { by, reason, at: now() }));
  }

  async resumeDeploy(deployId: number, { by, ...options }: PersonOptions = {}): Promise<void> {
    await this.#change(deployId, options, async (...rollout) => {
      const failed = await this.#readFailed(deployId, options);
      return resumeRollout(rollout, { by, failed, at: now() });
    });
  }

  async confirmDeploy(deployId: number, { by, ...options }: PersonOptions = {}): Promise<void> {
    await this.#change(deployId, options, (...rollout) => confirmRollout(rollout, { by, at: now() }));
  }

  /** The hosts that have failed, whom the person has seen. */
  async #readFailed(deployId: number, options: CallOptions): Promise<string[]> {
    const { entries } = await this.#world.client.list(reportsPrefix(deployId), options);
    return entries.flatMap((entry) => {
      const report = readStoredJson(reportSchema, entry, this.#world.log);
      return report?.state === 'failed' || report?.state === 'rolled-back' ? [report.hostname] : [];
    });
  }

  /** Reads, changes and stores until nobody was faster. What was stored by a lost answer is known by its value. */
  async #change(id: number, options: CallOptions, change: Change): Promise<void> {
    checkDeployId(id);
    const { client, log } = this.#world;
    const key = rolloutKey(id);
    for (let sent: string | undefined; ; ) {
      const read = { success: [{ get: payloadKey(id) }, { get: key }] };
      const { replies } = await client.txn(read, { ...options, repeatable: true });
      const [entry, stored] = replies.map(({ entries }) => entries[0]);
      if (entry === undefined)
        throw new WorldError('not-found', `There is no deploy ${id}.`, { key: payloadKey(id) });
      if (sent !== undefined && stored?.value.toString() === sent) return;
      const deployment = parseDeployment(textOf(entry));
      if (deployment === undefined) {
        const message = `Deploy ${id} was not made by this release of hawser, which can change nothing in it.`;
        throw new WorldError('invalid', message, { key: payloadKey(id) });
      }
      const record = await change(id, deployment, stored && readStoredJson(rolloutSchema, stored, log));
      sent = JSON.stringify(record);
      const to = stored?.modRevision ?? 0n;
      const unchanged: Compare = { key, target: 'modRevision', relation: '=', to };
      const txn = { compare: [unchanged], success: [{ put: key, value: sent }] };
      if ((await client.txn(txn, { ...options, repeatable: true })).succeeded) return;
    }
  }
}

function now(): string {
  return new Date().toISOString();
}
