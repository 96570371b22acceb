import type { Log } from '../../../base/log.js';
import type { SelectableHost } from '../../agents/host-selection.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { logSkipped } from '../../client/stored/log-skipped.js';
import { readStoredJson } from '../../client/stored/read-json.js';
import { readText } from '../../client/stored/read-text.js';
import { DEPLOYS_PREFIX } from '../../keys.js';
import { splitIntoGroups } from '../../split-into-groups.js';
import { payloadKey } from '../deploy-keys.js';
import { type Deployment, parseDeployment, parseNewerDeployment } from '../deploy-payload.js';
import { healthyIn, newestIn } from '../newest-deploy-per-app.js';
import { idOfRollout, isOpen, type RolloutRecord, rolloutSchema } from '../rollout/rollout-record.js';
import { type LoggedDeploy, rolloutStateOf, type WantedDeploy, wishFor } from './wanted-deploy.js';

/** Payloads that are read in one transaction: their sum has to fit into an answer. */
const READ_AT_ONCE = 32;

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

/** What each app is to be on a host. */
export interface WantedDeploys {
  readonly apps: ReadonlyMap<string, WantedDeploy>;
  /** Of the apps whose newest deploy is for this host. What ran before goes on running. */
  readonly tooNew: ReadonlyMap<string, TooNewDeploy>;
  /** Of all apps, whether they are for this host or not. */
  readonly open: readonly OpenDeploy[];
  /** When this was so. */
  readonly revision: bigint;
}

/** What was decided on the deploys of the fleet. */
interface Decided {
  readonly newest: ReadonlyMap<string, number>;
  readonly healthy: ReadonlyMap<string, number>;
  readonly records: ReadonlyMap<number, RolloutRecord>;
}

type Entry = LoggedDeploy | TooNewDeploy | undefined;

/** Whether the host wants this deploy of the app. */
interface Question {
  readonly app: string;
  readonly id: number;
  readonly isFallback: boolean;
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

  /** @throws WorldError `unavailable`, `closed` */
  async read(options: CallOptions): Promise<WantedDeploys> {
    const { entries, revision } = await this.#client.list(DEPLOYS_PREFIX, options);
    const newest = newestIn(entries, this.#log);
    const healthy = healthyIn(entries, this.#log);
    const records = new Map<number, RolloutRecord>();
    for (const entry of entries) {
      const id = idOfRollout(entry.key);
      const record = id === undefined ? undefined : readStoredJson(rolloutSchema, entry, this.#log);
      if (id !== undefined && record !== undefined) records.set(id, record);
    }
    return { ...(await this.#decide({ newest, healthy, records }, options)), revision };
  }

  /** Goes back in the log of all apps together, so that it takes as many round trips as the longest way back. */
  async #decide(decided: Decided, options: CallOptions): Promise<Omit<WantedDeploys, 'revision'>> {
    const [apps, tooNew] = [new Map<string, WantedDeploy>(), new Map<string, TooNewDeploy>()];
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
        const found = this.#look(question, entry, decided);
        if (found === undefined || 'app' in found) return found === undefined ? [] : [found];
        apps.set(app, found);
        return [];
      });
    }
    this.#entries = used;
    return { apps, tooNew, open };
  }

  /** @returns what the host wants, or what to ask next; undefined when there is nothing */
  #look(
    { app, id, isFallback }: Question,
    logged: LoggedDeploy | undefined,
    { newest, healthy, records }: Decided,
  ): WantedDeploy | Question | undefined {
    const chained = logged && {
      ...{ logged, record: records.get(id), isNewest: newest.get(app) === id },
      isFallback,
    };
    const wish = chained === undefined ? 'no' : wishFor(chained, this.#host);
    if (chained !== undefined && wish === 'yes')
      return { ...chained.logged, rollout: rolloutStateOf(chained, this.#host) };
    // The log is kept short: what is between the last healthy one and this one may be gone.
    const before = [logged?.deployment.previous, healthy.get(app)];
    const next = before.find((other) => other !== undefined && other < id);
    return next === undefined
      ? undefined
      : { app, id: next, isFallback: isFallback || wish === 'taken-back' };
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
  return [...newest].map(([app, id]) => ({ app, id, isFallback: false }));
}

function placeOf(hostname: string, { hosts, away = [] }: Deployment): number | undefined {
  const place = hosts.filter((host) => !away.includes(host)).indexOf(hostname);
  return place === -1 ? undefined : place;
}
