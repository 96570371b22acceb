import type { ZodType } from 'zod';
import { hostSchema } from '../../world/agents/fleet-hosts.js';
import { certificateSchema } from '../../world/agents/host-certificates.js';
import { healthSchema } from '../../world/agents/host-health.js';
import { agentSchema } from '../../world/agents/registered-agents.js';
import { parseJson } from '../../world/client/stored/read-json.js';
import { parseDeployKey, payloadKey } from '../../world/deploys/deploy-keys.js';
import { type Deployment, parseDeployment } from '../../world/deploys/deploy-payload.js';
import { newestSchema } from '../../world/deploys/newest-deploy-per-app.js';
import { rolloutSchema } from '../../world/deploys/rollout/rollout-record.js';
import { runningSchema } from '../../world/deploys/running-apps.js';
import type { StoredChange } from '../../world/history/read-history.js';
import {
  AGENTS_PREFIX,
  APPS_PREFIX,
  CERTIFICATES_PREFIX,
  DECISIONS_PREFIX,
  DEPLOY_PREFIX,
  DEPLOYS_PREFIX,
  HEALTH_PREFIX,
  HOSTS_PREFIX,
  RECIPIENTS_PREFIX,
  ROLLOUTS_PREFIX,
  RUNNING_PREFIX,
  SECRETS_PREFIX,
} from '../../world/keys.js';
import { parseHosts } from '../../world/scheduler/scheduler-keys.js';
import { recipientSchema } from '../../world/secrets/recipients.js';
import { parseSecretKey, secretSchema } from '../../world/secrets/stored-secrets.js';
import { findScheduledApps } from '../apps/read-schedules.js';
import { describeHosts } from '../status/describe-hosts.js';
import { findProblems, type SeenFleet } from '../status/find-problems.js';
import type { HostStatus, Problem } from '../status/fleet-status.js';
import { findMissingSecrets } from '../status/missing-secrets.js';

/** What has to be read before changes can be told: with the newest entry of each app, all that a problem is found in. */
export const KEPT_PREFIXES: readonly string[] = [
  ...[AGENTS_PREFIX, HOSTS_PREFIX, RUNNING_PREFIX, HEALTH_PREFIX, CERTIFICATES_PREFIX],
  ...[DEPLOYS_PREFIX, DECISIONS_PREFIX, SECRETS_PREFIX, RECIPIENTS_PREFIX],
];

/** A key and its value; undefined where it is deleted. */
export interface KeptKey {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** What etcd does not keep as keys, or what lies beside those that are watched. */
export type SeenCluster = Pick<SeenFleet, 'members' | 'cluster' | 'volunteers'>;

/** The keys with one prefix, as what they mean. */
class Section<T> {
  readonly prefix: string;
  readonly all = new Map<string, T>();
  readonly #parse: (value: Buffer) => T | undefined;

  constructor(prefix: string, parse: (value: Buffer) => T | undefined) {
    this.prefix = prefix;
    this.#parse = parse;
  }

  apply({ key, value }: KeptKey): void {
    const name = key.slice(this.prefix.length);
    const parsed = value === undefined ? undefined : this.#parse(value);
    if (parsed === undefined) this.all.delete(name);
    else this.all.set(name, parsed);
  }
}

/** What is known of a fleet as of one revision, kept up to date key by key. */
export class KeptFleet {
  readonly #values = new Map<string, Buffer>();
  readonly #agents = new Section(AGENTS_PREFIX, as(agentSchema));
  readonly #known = new Section(HOSTS_PREFIX, as(hostSchema));
  readonly #running = new Section(RUNNING_PREFIX, as(runningSchema));
  readonly #health = new Section(HEALTH_PREFIX, as(healthSchema));
  readonly #certificates = new Section(CERTIFICATES_PREFIX, as(certificateSchema));
  readonly #newest = new Section(APPS_PREFIX, as(newestSchema));
  readonly #rollouts = new Section(ROLLOUTS_PREFIX, as(rolloutSchema));
  readonly #decisions = new Section(DECISIONS_PREFIX, (value) => parseHosts(value.toString()));
  readonly #secrets = new Section(SECRETS_PREFIX, as(secretSchema));
  readonly #recipients = new Section(RECIPIENTS_PREFIX, as(recipientSchema));
  readonly #entries = new Section<Deployment>(DEPLOY_PREFIX, (value) => parseDeployment(value.toString()));

  readonly #sections: readonly Section<unknown>[] = [
    ...[this.#agents, this.#known, this.#running, this.#health, this.#certificates, this.#newest],
    ...[this.#rollouts, this.#decisions, this.#secrets, this.#recipients, this.#entries],
  ];
  readonly #labels = new Map<string, Readonly<Record<string, string>>>();

  /** Notes what a key holds now. @returns what that changes; undefined for a key that nothing is told of */
  apply(kept: KeptKey): StoredChange | undefined {
    const { key, value: after } = kept;
    const section = this.#sections.find(({ prefix }) => key.startsWith(prefix));
    if (section === undefined && !KEPT_PREFIXES.some((prefix) => key.startsWith(prefix))) return undefined;
    if (section === this.#entries && parseDeployKey(key)?.part !== 'payload') return undefined;
    section?.apply(kept);
    this.#noteLabels(key);
    const before = this.#values.get(key);
    if (after === undefined || (section === this.#entries && !this.#isEntry(key))) this.#values.delete(key);
    else this.#values.set(key, after);
    this.#forgetOldEntries(key);
    return { key, before, after };
  }

  /** Every key that is kept, with its value. */
  get values(): ReadonlyMap<string, Buffer> {
    return this.#values;
  }

  /** The keys of the newest entry of each app. */
  get newestEntries(): string[] {
    return [...this.#newest.all.values()].map(({ newest }) => payloadKey(newest));
  }

  /** The labels of a host; those that it had last, if it is gone. */
  labelsOf(host: string): Readonly<Record<string, string>> {
    return this.#labels.get(host) ?? {};
  }

  /** Takes over the labels of hosts that are gone. */
  keepLabelsOf(former: KeptFleet): void {
    for (const [host, its] of former.#labels) if (!this.#labels.has(host)) this.#labels.set(host, its);
  }

  /** What is wrong, as `hawser status` has it. */
  problems({ members, cluster, volunteers }: SeenCluster): Problem[] {
    const hosts = describeHosts({
      ...{ agents: this.#agents.all, known: this.#known.all, running: this.#running.all },
      ...{ health: this.#health.all, convergence: new Map(), members },
    });
    const deployments = this.#newestDeployments();
    return findProblems({
      ...{ hosts, members, cluster, volunteers, certificates: this.#certificates.all },
      deploy: this.#newestDeploy(),
      missing: this.#missingSecrets(deployments, hosts),
      schedules:
        this.#decisions.all.size === 0 ? new Map() : findScheduledApps(deployments, this.#decisions.all),
    });
  }

  #noteLabels(key: string): void {
    const host = key.slice((key.startsWith(HOSTS_PREFIX) ? HOSTS_PREFIX : AGENTS_PREFIX).length);
    const labels = this.#known.all.get(host)?.labels ?? this.#agents.all.get(host)?.labels;
    if (labels !== undefined) this.#labels.set(host, labels);
  }

  /** Whether it is an entry of ours, and not of another program. */
  #isEntry(key: string): boolean {
    return this.#entries.all.has(key.slice(DEPLOY_PREFIX.length));
  }

  /** An app's entry is needed no more when there is a newer one. */
  #forgetOldEntries(changed: string): void {
    if (!changed.startsWith(APPS_PREFIX)) return;
    const wanted = new Set(this.newestEntries);
    for (const name of this.#entries.all.keys()) {
      const key = `${DEPLOY_PREFIX}${name}`;
      if (wanted.has(key)) continue;
      this.#entries.all.delete(name);
      this.#values.delete(key);
    }
  }

  #newestDeployments(): Map<string, Deployment> {
    const found = [...this.#newest.all].flatMap(([app, { newest }]) => {
      const deployment = this.#entries.all.get(payloadKey(newest).slice(DEPLOY_PREFIX.length));
      return deployment === undefined ? [] : [[app, deployment] as const];
    });
    return new Map(found);
  }

  #newestDeploy(): SeenFleet['deploy'] {
    const id = Math.max(0, ...[...this.#newest.all.values()].map(({ newest }) => newest));
    const record = this.#rollouts.all.get(String(id));
    return record === undefined ? null : { id, app: record.app, verdict: record.verdict ?? 'running' };
  }

  #missingSecrets(deployments: ReadonlyMap<string, Deployment>, hosts: readonly HostStatus[]) {
    if (this.#secrets.all.size === 0) return [];
    const secrets = [...this.#secrets.all].flatMap(([name, secret]) => {
      const place = parseSecretKey(`${SECRETS_PREFIX}${name}`);
      return place === undefined ? [] : [{ ...place, secret }];
    });
    const recipients = new Map([...this.#recipients.all].map(([host, { recipient }]) => [host, recipient]));
    const selectable = hosts.map(({ hostname: name, labels = {} }) => ({ name, labels }));
    return findMissingSecrets(secrets, { deployments, hosts: selectable, recipients });
  }
}

function as<T>(schema: ZodType<T>): (value: Buffer) => T | undefined {
  return (value) => schema.safeParse(parseJson(value.toString())).data;
}
