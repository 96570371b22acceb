import { pause } from '../../../base/abort.js';
import { Backoff } from '../../../base/backoff.js';
import { Notify } from '../../../base/notify.js';
import {
  AGENTS_PREFIX,
  CHOOSER_ELECTION,
  CLUSTER_SIZE_PREFIX,
  type Client,
  campaign,
  type FleetIdentity,
  type Leadership,
  makeFleet,
  NOMINATED_PREFIX,
  RESTING_PREFIX,
  type Session,
  VOLUNTEER_PREFIX,
  WorldError,
} from '../../../world/internal.js';
import type { ConvergerUid } from '../../track-convergence.js';
import { carryOutMemberChange, type NominatorContext, type Outcome } from './carry-out-member-change.js';
import { type Change, chooseMemberChange } from './choose-member-change.js';
import type { IdealSizeReader } from './ideal-size-reader.js';
import { MemberAssessor } from './member-assessor.js';
import { readClusterState } from './read-cluster-state.js';
import { resignPreviousSession } from './resign-previous-session.js';

/** How often everything is read again even without a change. */
const QUIET_MS = 10_000;

/** How often the members are read while one is starting, which sends no event. */
const STARTING_MS = 50;

/** The pauses after a change that could not be made yet. */
const RETRY_PAUSES = { firstMs: 50, maxMs: 2_000, jitter: false };
const RETRY_AFTER_TROUBLE_MS = 500;

export interface NominatorOptions extends NominatorContext {
  readonly hostname: string;
  /** This host's session, with which it campaigns. */
  readonly session: (signal: AbortSignal) => Promise<Session>;
  /** The fleet that this host belongs to, as far as it knows. */
  readonly fleet: () => FleetIdentity | undefined;
  readonly size: IdealSizeReader;
  /** Not converged while this host is elected and the cluster needs a change. */
  readonly convergerUid: ConvergerUid;
}

/**
 * Campaigns to manage the cluster and, while elected, brings it to the ideal size, one member at a time: the "elected
 * leader" of the elastic algorithm.
 */
export class Nominator {
  readonly #options: NominatorOptions;
  #lastLogged = '';
  #isElected = false;

  constructor(options: NominatorOptions) {
    this.#options = options;
  }

  /** Whether this host is elected to manage the cluster. */
  get isElected(): boolean {
    return this.#isElected;
  }

  /** Runs until the signal aborts, then resigns immediately. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, hostname, fleet, convergerUid, log } = this.#options;
    while (!signal.aborted) {
      convergerUid.setConverged(true);
      try {
        const session = await this.#options.session(signal);
        await resignPreviousSession(client, hostname, session, signal);
        await using turn = await campaign(client, CHOOSER_ELECTION, hostname, { signal, session });
        log('debug', 'this host is elected to manage the members of the cluster');
        // A fleet created by an older agent has no identity yet.
        await makeFleet(client, fleet(), { signal }).catch((error: unknown) => this.#tolerate(error));
        await this.#lead(turn, AbortSignal.any([signal, turn.lost]));
      } catch (error) {
        if (signal.aborted) return;
        // Also `closed`: the session was lost and closed; there will be another.
        if (!(error instanceof WorldError)) throw error;
        log('debug', `not elected to manage the cluster: ${error.message}`);
        await pause(RETRY_AFTER_TROUBLE_MS, signal);
      }
    }
    convergerUid.setConverged(true);
  }

  /** The members are managed even if that key is damaged; readers are told how to fix it. */
  #tolerate(error: unknown): void {
    if (!(error instanceof WorldError) || error.code !== 'invalid') throw error;
    this.#options.log('warn', error.message);
  }

  async #lead(turn: Leadership, signal: AbortSignal): Promise<void> {
    const wake = new Notify();
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const watching = watchInputs(this.#options.client, both, wake).catch((error: unknown) =>
      over.abort(error),
    );
    this.#isElected = true;
    try {
      await this.#serve(turn, wake, both);
    } finally {
      this.#isElected = false;
      over.abort();
      await watching;
    }
  }

  async #serve(turn: Leadership, wake: Notify, signal: AbortSignal): Promise<void> {
    const observer = new MemberAssessor();
    const backoff = new Backoff(RETRY_PAUSES);
    while (!signal.aborted) {
      try {
        const outcome = await this.#step(turn, observer, signal);
        if (outcome.kind !== 'refused') backoff.reset();
        if (outcome.kind !== 'changed') await wake.wait(outcome.waitMs ?? backoff.next(), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof WorldError) || error.code === 'closed' || error.code === 'conflict')
          throw error;
        this.#options.log('debug', `could not change the cluster; will try again: ${error.message}`);
        await pause(RETRY_AFTER_TROUBLE_MS, signal);
      }
    }
  }

  /** Reads the cluster and makes one change. */
  async #step(
    turn: Leadership,
    observer: MemberAssessor,
    signal: AbortSignal,
  ): Promise<{ kind: 'changed' | 'refused' | 'quiet'; waitMs?: number }> {
    const { client, size, log } = this.#options;
    const observation = await readClusterState(client, size, log, { signal });
    const { state, changesInMs = QUIET_MS } = observer.observe(observation, performance.now());
    const change = chooseMemberChange(state);
    const isStarting = state.members.some(({ member }) => member.isLearner);
    this.#options.convergerUid.setConverged(change === undefined && !isStarting);
    if (change === undefined) {
      this.#lastLogged = '';
      return { kind: 'quiet', waitMs: Math.min(changesInMs + 1, isStarting ? STARTING_MS : QUIET_MS) };
    }
    const outcome = await carryOutMemberChange(this.#options, turn, state, change, signal);
    this.#logRefusal(change, outcome);
    if (outcome.done) return { kind: 'changed' };
    return change.kind === 'promote' ? { kind: 'refused', waitMs: STARTING_MS } : { kind: 'refused' };
  }

  /** Logs why a change must wait, once for each reason. */
  #logRefusal(change: Change, outcome: Outcome): void {
    const text = outcome.done ? '' : `${describeChange(change)} must wait: ${outcome.why}`;
    if (text !== '' && text !== this.#lastLogged && change.kind !== 'promote')
      this.#options.log('info', text);
    this.#lastLogged = text;
  }
}

/** Notifies at each change of what the choice depends on. */
async function watchInputs(client: Client, signal: AbortSignal, wake: Notify): Promise<void> {
  const watched = [VOLUNTEER_PREFIX, NOMINATED_PREFIX, RESTING_PREFIX, CLUSTER_SIZE_PREFIX, AGENTS_PREFIX];
  const watches = watched.map(async (key) => {
    for await (const _ of client.changes({ key, prefix: true }, { signal })) wake.notify();
  });
  await Promise.all(watches);
}

function describeChange(change: Change): string {
  if (change.kind === 'add') return `adding ${change.volunteer.hostname} to the cluster`;
  if (change.kind === 'remove')
    return `removing ${change.view.hostname ?? change.view.member.id} (${change.why})`;
  return change.kind;
}
