import type { Log } from '../../../base/log.js';
import type { SelectableHost } from '../../agents/host-selection.js';
import type { CallOptions, WatchOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { logSkipped } from '../../client/stored/log-skipped.js';
import { readStoredJson } from '../../client/stored/read-json.js';
import { readText } from '../../client/stored/read-text.js';
import { foldWatches } from '../../client/watch/fold-watches.js';
import type { WatchItem } from '../../client/watch/watch-item.js';
import { DECISIONS_PREFIX, DEPLOYS_PREFIX } from '../../keys.js';
import { parseHosts, parseSchedulerKey } from '../../scheduler/scheduler-keys.js';
import { splitIntoGroups } from '../../split-into-groups.js';
import { payloadKey } from '../deploy-keys.js';
import { type Deployment, parseDeployment, parseNewerDeployment } from '../deploy-payload.js';
import type { AppSchedule } from '../manifest.js';
import { healthyIn, newestIn } from '../newest-deploy-per-app.js';
import {
  idOfRollout,
  isOpen,
  type RolloutRecord,
  rolloutSchema,
  type Verdict,
} from '../rollout/rollout-record.js';
import { scheduleOf } from '../scheduled/scheduled-hosts.js';
import {
  type Chosen,
  endsSchedules,
  isCandidate,
  type LoggedDeploy,
  rolloutStateOf,
  type WantedDeploy,
  wishFor,
} from './wanted-deploy.js';

/** Payloads that are read in one transaction: their sum has to fit into an answer. */
const READ_AT_ONCE = 32;

const PREFIXES = [DEPLOYS_PREFIX, DECISIONS_PREFIX];

/** A deploy that this host cannot apply: its format is of a newer release of hawser. */
export interface TooNewDeploy {
  readonly id: number;
  readonly format: number;
}

/** A deploy on which the hosts still have to decide. */
export interface OpenDeploy {
  readonly id: number;
  readonly app: string;
  /** The place of this host among those of the deploy that were there when it was made; undefined for any other host. */
  readonly place: number | undefined;
}

/** The newest deploy of an app, whether it is for this host or not. */
export interface NewestDeploy {
  readonly id: number;
  /** Undefined while it is under way. */
  readonly verdict?: Verdict | undefined;
}

/** What each app is to be on a host. */
export interface WantedDeploys {
  readonly apps: ReadonlyMap<string, WantedDeploy>;
  /** Of the apps whose newest deploy is for this host. What ran before goes on running. */
  readonly tooNew: ReadonlyMap<string, TooNewDeploy>;
  /** The apps that run elsewhere: nothing of them runs here. With the namespace of the schedule that says so. */
  readonly resting: ReadonlyMap<string, string>;
  /** The schedules, by namespace, for which this host may be chosen; of several apps, what the newest deploy asks for. */
  readonly candidacies: ReadonlyMap<string, AppSchedule>;
  /** Of all apps, whether they are for this host or not. */
  readonly open: readonly OpenDeploy[];
  /** Of all apps of the fleet. */
  readonly newest: ReadonlyMap<string, NewestDeploy>;
  /** When this was so. */
  readonly revision: bigint;
}

/** What was decided on the deploys of the fleet. */
interface Decided {
  readonly newest: ReadonlyMap<string, number>;
  readonly healthy: ReadonlyMap<string, number>;
  readonly records: ReadonlyMap<number, RolloutRecord>;
  /** The hosts that each schedule has chosen. */
  readonly chosen: ReadonlyMap<string, readonly string[]>;
}

/** What is found on the way back. */
interface Findings {
  readonly apps: Map<string, WantedDeploy>;
  readonly resting: Map<string, string>;
  readonly candidacies: Map<string, { readonly id: number; readonly schedule: AppSchedule }>;
}

type Entry = LoggedDeploy | TooNewDeploy | undefined;

/** Whether the host wants this deploy of the app. */
interface Question {
  readonly app: string;
  readonly id: number;
  readonly isFallback: boolean;
  readonly isReplaced: boolean;
}

/** Reads what a host wants, each time it may have changed. Entries of the log do not change, so each is read once. */
export class WantedDeploysReader {
  readonly #client: Client;
  readonly #host: SelectableHost;
  readonly #log: Log | undefined;
  #entries: ReadonlyMap<number, Entry> = new Map();

  constructor(client: Client, host: SelectableHost, log: Log | undefined) {
    this.#client = client;
    this.#host = host;
    this.#log = log;
  }

  /** Yields once what decides is watched, then once for each change or burst of changes of it. */
  changes(options: WatchOptions): AsyncIterable<void> {
    const ready = new Set<number>();
    const fold = {
      apply: (_: WatchItem, index: number) => ready.add(index).size === PREFIXES.length,
      value: () => undefined,
    };
    const requests = PREFIXES.map((key) => ({ key, prefix: true }));
    return foldWatches(this.#client, requests, options, fold);
  }

  /** @throws WorldError `unavailable`, `closed` */
  async read(options: CallOptions): Promise<WantedDeploys> {
    const { entries, revision } = await this.#client.listTogether(PREFIXES, options);
    const newest = newestIn(entries, this.#log);
    const healthy = healthyIn(entries, this.#log);
    const records = new Map<number, RolloutRecord>();
    const chosen = new Map<string, readonly string[]>();
    for (const entry of entries) {
      const key = parseSchedulerKey(entry.key);
      if (key.kind === 'decision') chosen.set(key.namespace, parseHosts(entry.value.toString()));
      const id = idOfRollout(entry.key);
      const record = id === undefined ? undefined : readStoredJson(rolloutSchema, entry, this.#log);
      if (id !== undefined && record !== undefined) records.set(id, record);
    }
    const decided = await this.#decide({ newest, healthy, records, chosen }, options);
    const verdicts = [...newest].map(
      ([app, id]) => [app, { id, verdict: records.get(id)?.verdict }] as const,
    );
    return { ...decided, newest: new Map(verdicts), revision };
  }

  /** Goes back in the log of all apps together, so that it takes as many round trips as the longest way back. */
  async #decide(decided: Decided, options: CallOptions): Promise<Omit<WantedDeploys, 'newest' | 'revision'>> {
    const findings: Findings = { apps: new Map(), resting: new Map(), candidacies: new Map() };
    const tooNew = new Map<string, TooNewDeploy>();
    const open: OpenDeploy[] = [];
    const used = new Map<number, Entry>();
    for (let asked = firstQuestions(decided); asked.length > 0; ) {
      await this.#fetch(
        asked.map(({ id }) => id),
        used,
        options,
      );
      asked = asked.flatMap((question): Question[] => {
        const { app, id } = question;
        const entry = entryOf(app, used.get(id));
        if (entry !== undefined && 'format' in entry) {
          tooNew.set(app, entry);
          return [];
        }
        if (entry !== undefined && isOpen(decided.records.get(id)))
          open.push({ id, app, place: placeOf(this.#host.name, entry.deployment) });
        const next = this.#look(question, entry, decided, findings);
        return next === undefined ? [] : [next];
      });
    }
    this.#entries = used;
    const { apps, resting } = findings;
    const candidacies = new Map([...findings.candidacies].map(([name, { schedule }]) => [name, schedule]));
    return { apps, resting, candidacies, tooNew, open };
  }

  /** Notes what this says of the app. @returns what to ask next; undefined when there is nothing to ask */
  #look(
    { app, id, isFallback, isReplaced }: Question,
    logged: LoggedDeploy | undefined,
    { newest, healthy, records, chosen }: Decided,
    { apps, resting, candidacies }: Findings,
  ): Question | undefined {
    const record = records.get(id);
    const isNewest = newest.get(app) === id;
    const chained = logged && { logged, record, isNewest, isFallback, isReplaced };
    const schedule = logged && scheduleOf(logged.deployment);
    const wish =
      chained === undefined
        ? 'no'
        : wishFor(chained, this.#host, this.#chosenBy(schedule?.namespace, chosen));
    if (chained !== undefined && schedule !== undefined && isCandidate(chained, this.#host)) {
      const { namespace } = schedule;
      if ((candidacies.get(namespace)?.id ?? 0) < id) candidacies.set(namespace, { id, schedule });
    }
    if (chained !== undefined && wish === 'yes')
      apps.set(app, { ...chained.logged, rollout: rolloutStateOf(chained, this.#host) });
    if (wish === 'rest') resting.set(app, schedule?.namespace ?? '');
    if (wish !== 'no' && wish !== 'taken-back') return undefined;
    // The log is kept short: what is between the last healthy one and this one may be gone.
    const before = [logged?.deployment.previous, healthy.get(app)];
    const next = before.find((other) => other !== undefined && other < id);
    if (next === undefined) return undefined;
    return {
      ...{ app, id: next, isFallback: isFallback || wish === 'taken-back' },
      isReplaced: isReplaced || (logged !== undefined && endsSchedules(logged, record)),
    };
  }

  #chosenBy(namespace: string | undefined, chosen: Decided['chosen']): Chosen {
    const hosts = namespace === undefined ? undefined : chosen.get(namespace);
    if (hosts === undefined || hosts.length === 0) return 'unknown';
    return hosts.includes(this.#host.name) ? 'yes' : 'no';
  }

  /** Adds these entries to `used`, those that are not known from the log. */
  async #fetch(ids: readonly number[], used: Map<number, Entry>, options: CallOptions): Promise<void> {
    const missing: number[] = [];
    for (const id of ids) {
      if (this.#entries.has(id)) used.set(id, this.#entries.get(id));
      else missing.push(id);
    }
    for (const group of splitIntoGroups(missing, READ_AT_ONCE)) {
      const success = group.map((id) => ({ get: payloadKey(id) }));
      const { replies } = await this.#client.txn({ success }, { ...options, repeatable: true });
      for (const [index, id] of group.entries()) {
        const stored = replies[index]?.entries[0];
        const payload = stored && readText(stored, this.#log);
        // One that is not there may only not be there yet.
        if (payload !== undefined) used.set(id, this.#parse(id, payload));
      }
    }
  }

  #parse(id: number, payload: string): Entry {
    const deployment = parseDeployment(payload);
    if (deployment !== undefined) return { id, payload, deployment };
    const newer = parseNewerDeployment(payload);
    if (newer?.hosts.includes(this.#host.name) === true) return { id, format: newer.format };
    logSkipped(this.#log, payloadKey(id), 'it is not a deploy of this release of hawser');
    return undefined;
  }
}

/** What names an entry of another app as the one before has none before it. */
function entryOf(app: string, entry: Entry): Entry {
  return entry !== undefined && 'deployment' in entry && entry.deployment.name !== app ? undefined : entry;
}

function firstQuestions({ newest }: Decided): Question[] {
  return [...newest].map(([app, id]) => ({ app, id, isFallback: false, isReplaced: false }));
}

function placeOf(hostname: string, { hosts, away = [] }: Deployment): number | undefined {
  const place = hosts.filter((host) => !away.includes(host)).indexOf(hostname);
  return place === -1 ? undefined : place;
}
