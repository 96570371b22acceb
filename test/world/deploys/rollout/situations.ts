import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import type { Manifest } from '../../../../world/deploys/manifest.js';
import type { Report, ReportState } from '../../../../world/deploys/report.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';
import type { RolloutSituation } from '../../../../world/deploys/rollout/rollout-situation.js';

/** The time of all situations, in milliseconds, if nothing else is said. */
export const NOW = 100_000;

export const AT = '2026-01-01T00:00:00Z';

/** A deploy of "shop" to these hosts. */
export function deploymentOf(hosts: readonly string[], change: Partial<Deployment> = {}): Deployment {
  return {
    ...{ hawser: 1, name: 'shop', message: '', author: '', createdAt: AT, tree: 'a'.repeat(64), noop: false },
    ...{ hosts, manifest: { name: 'shop' } },
    ...change,
  };
}

export function manifestOf(rollout: Manifest['rollout'], hooks?: Manifest['hooks']): Manifest {
  return { name: 'shop', rollout, hooks };
}

export const MIGRATE: Manifest['hooks'] = { once: { run: ['migrate'] } };

/** `healthy`, or `waiting/once` for a state and a step. */
export type ToldState = ReportState | `${ReportState}/${string}`;

export interface SituationText {
  readonly hosts: readonly string[];
  readonly change?: Partial<Deployment>;
  readonly record?: Partial<RolloutRecord>;
  readonly states?: Readonly<Record<string, ToldState>>;
  /** What the hosts run that have reported. Default 6. */
  readonly current?: number;
  /** When the reports came. Default long ago. */
  readonly reportedMs?: number;
  /** The hosts that are gone, and when they went. */
  readonly gone?: Readonly<Record<string, number>>;
  readonly phaseMs?: number;
  readonly supersededBy?: number;
}

export function situationOf(text: SituationText): RolloutSituation {
  const { hosts, change, record, states = {}, gone = {}, current = 6, reportedMs = 0 } = text;
  return {
    deployment: deploymentOf(hosts, change),
    record: record && { app: 'shop', phase: 'running', admitted: 0, since: '', ...record },
    supersededBy: text.supersededBy,
    reports: new Map(
      Object.entries(states).map(([name, told]) => [
        name,
        { report: reportOf(name, told, current), atMs: reportedMs },
      ]),
    ),
    agents: new Set(hosts.filter((name) => !(name in gone))),
    goneMs: new Map(Object.entries(gone)),
    phaseMs: text.phaseMs ?? NOW - 1,
    nowMs: NOW,
    at: AT,
  };
}

export function reportOf(hostname: string, told: ToldState, current: number): Report {
  const [state, step] = told.split('/') as [ReportState, string | undefined];
  return { hostname, state, ...(step && { step }), message: `It is ${state}.`, at: AT, current };
}
