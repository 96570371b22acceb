import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import { decideRollout } from '../../../../world/deploys/rollout/decide-rollout.js';
import type { SeenReport } from '../../../../world/deploys/rollout/judge-hosts.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';
import { type RolloutState, rolloutStateOf } from '../../../../world/deploys/wanted/wanted-deploy.js';
import { AT, reportOf, type ToldState } from './situations.js';

/** What may happen during a rollout. `host` is a place among the hosts, `ms` is time that passes. */
export type Happening =
  | { readonly kind: 'step'; readonly host: number; readonly isGood: boolean }
  | { readonly kind: 'die' | 'return'; readonly host: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'decide' | 'other' | 'abort' | 'resume' };

interface ModelHost {
  readonly name: string;
  isAlive: boolean;
  told: ToldState | undefined;
  /** It runs the new release, or is about to. */
  hasSwitched: boolean;
}

/** A fleet that rolls out a deploy: hosts that do what agents do, and one of them that decides. */
export class RolloutModel {
  readonly deployment: Deployment;
  readonly hosts: readonly ModelHost[];
  /** Every record that was stored, in order. */
  readonly records: RolloutRecord[] = [];
  /** Who ran the hook `once`. */
  readonly ranOnce: string[] = [];
  /** Who switched, each time. */
  readonly switched: string[] = [];
  nowMs = 1_000_000;
  #reports = new Map<string, SeenReport>();
  #gone = new Map<string, number>();
  #phaseMs = this.nowMs;

  constructor(deployment: Deployment) {
    this.deployment = deployment;
    const away = new Set(deployment.away);
    this.hosts = deployment.hosts.map((name) => ({
      ...{ name, isAlive: !away.has(name), told: undefined, hasSwitched: false },
    }));
    for (const name of away) this.#gone.set(name, this.nowMs);
  }

  get record(): RolloutRecord | undefined {
    return this.records.at(-1);
  }

  get isOver(): boolean {
    return this.record?.phase === 'done' || this.record?.phase === 'paused';
  }

  /** What a host may do. */
  stateOf(name: string): RolloutState {
    const logged = { id: 7, payload: '', deployment: this.deployment };
    return rolloutStateOf({ logged, record: this.record, isNewest: true }, { name, labels: {} });
  }

  get admitted(): ModelHost[] {
    return this.hosts.filter(({ name }) => this.stateOf(name).isAdmitted);
  }

  apply(happening: Happening): void {
    if (happening.kind === 'time') this.nowMs += happening.ms;
    if (happening.kind === 'decide') this.#decide();
    if (happening.kind === 'other') this.#takeOver();
    if (happening.kind === 'abort' && this.record?.phase !== 'going-back' && this.record?.phase !== 'done')
      this.#store({ ...this.#begun, phase: 'going-back', goingBackTo: 'stopped', verdict: undefined });
    if (happening.kind === 'resume') this.#resume();
    if (!('host' in happening)) return;
    const host = this.hosts[happening.host % this.hosts.length];
    if (host === undefined) return;
    if (happening.kind === 'step') this.#step(host, happening.isGood);
    else this.#setAlive(host, happening.kind === 'return');
  }

  /** When to decide again although nothing happens. */
  untilMs: number | undefined;

  #decide(): void {
    const { record, untilMs } = decideRollout({
      ...{
        deployment: this.deployment,
        record: this.record,
        phaseMs: this.#phaseMs,
        nowMs: this.nowMs,
        at: AT,
      },
      ...{ reports: this.#reports, goneMs: this.#gone },
      agents: new Set(this.hosts.filter(({ isAlive }) => isAlive).map(({ name }) => name)),
    });
    this.untilMs = record === undefined ? untilMs : this.nowMs;
    if (record !== undefined) this.#store(JSON.parse(JSON.stringify(record)) as RolloutRecord);
  }

  get #begun(): RolloutRecord {
    return this.record ?? { app: 'shop', phase: 'running', admitted: 0, since: AT };
  }

  #store(record: RolloutRecord): void {
    if (record.phase !== this.record?.phase) this.#phaseMs = this.nowMs;
    this.records.push(record);
  }

  #resume(): void {
    const { record } = this;
    if (record?.phase !== 'paused') return;
    const failed = this.hosts.flatMap(({ name, told }) =>
      told?.startsWith('failed') === true ? [name] : [],
    );
    const forgiven = [...new Set([...(record.forgiven ?? []), ...failed])];
    const onceHost = record.admitted === 0 ? undefined : record.onceHost;
    this.#store({ ...record, phase: 'running', verdict: undefined, forgiven, onceHost });
  }

  /** Another host decides from now on; it knows what is stored, and not since when. */
  #takeOver(): void {
    this.#phaseMs = this.nowMs;
    for (const name of this.#gone.keys()) this.#gone.set(name, this.nowMs);
    for (const [name, { report }] of this.#reports) this.#reports.set(name, { report, atMs: this.nowMs });
  }

  #setAlive(host: ModelHost, isAlive: boolean): void {
    if (host.isAlive === isAlive) return;
    host.isAlive = isAlive;
    if (!isAlive) this.#gone.set(host.name, this.nowMs);
    else {
      this.#gone.delete(host.name);
      // Its agent starts anew: with the old release, and from the first step.
      if (host.told !== undefined && host.told !== 'healthy' && !isAtItsEnd(host)) {
        host.hasSwitched = false;
        this.#tell(host, 'fetching');
      }
    }
  }

  #tell(host: ModelHost, told: ToldState): void {
    host.told = told;
    const current = 6;
    this.#reports.set(host.name, { report: reportOf(host.name, told, current), atMs: this.nowMs });
  }

  /** One step of an agent. */
  #step(host: ModelHost, isGood: boolean): void {
    if (!host.isAlive || isAtItsEnd(host)) return;
    const state = this.stateOf(host.name);
    const told = state.isGoingBack ? goBack(isGood) : this.#goOn(host, state, isGood);
    if (told === undefined) return;
    host.hasSwitched = told === 'applying' || told === 'healthy';
    if (told === 'applying') this.switched.push(host.name);
    if (told === 'applying/once') this.ranOnce.push(host.name);
    this.#tell(host, told);
  }

  /** What the host says next; undefined while it has to wait. */
  #goOn(
    { told }: ModelHost,
    { isAdmitted, isOnceHost }: RolloutState,
    isGood: boolean,
  ): ToldState | undefined {
    const { record } = this;
    if (told === 'healthy' || (record?.phase === 'done' && record.goingBackTo !== undefined))
      return undefined;
    if (told === undefined) return 'fetching';
    if (!isGood) return told === 'applying/once' ? 'failed/once' : 'failed';
    const next = NEXT[told];
    if (next !== undefined) return next;
    if (isOnceHost && told !== 'waiting/once') return 'applying/once';
    return isAdmitted ? 'applying' : undefined;
  }
}

/** What follows by itself. */
const NEXT: Readonly<Record<string, ToldState>> = {
  fetching: 'waiting',
  applying: 'healthy',
  'applying/once': 'waiting/once',
};

function isAtItsEnd({ told }: ModelHost): boolean {
  return told === 'rolled-back' || told?.startsWith('failed') === true;
}

function goBack(isGood: boolean): ToldState {
  return isGood ? 'rolled-back' : 'failed/back';
}
