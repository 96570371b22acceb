import type { Deployment } from '../deploy-payload.js';
import type { Report } from '../report.js';

/** How long a host whose session has ended may take to come back, as after a restart of its agent. */
const GONE_GRACE_MS = 5_000;

/** A report, and when the one who decides got it, in milliseconds of its own clock. */
export interface SeenReport {
  readonly report: Report;
  readonly atMs: number;
}

/** What is known of the hosts of a deploy. All times are milliseconds of the clock of the one who decides. */
export interface KnownHosts {
  readonly reports: ReadonlyMap<string, SeenReport>;
  /** The hosts whose agent is alive. */
  readonly agents: ReadonlySet<string>;
  /** Since when the others are known to be gone. */
  readonly goneMs: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/**
 * How far a host is with a deploy. `busy`: nothing final is known yet. `lost`: its session ended while it switched.
 * `missing`: its session ended before, or it had none.
 */
export type Progress = 'busy' | 'done' | 'failed' | 'lost' | 'missing';

export interface JudgedHost {
  readonly name: string;
  /** In the order of the deploy, from 0. */
  readonly place: number;
  readonly progress: Progress;
  readonly isAlive: boolean;
  readonly report: Report | undefined;
  /** When this became known; for a host that is gone and still `busy`, when it is given up. */
  readonly atMs: number;
}

/** Judges the hosts of a deploy, in its order. */
export function judgeHosts({ hosts, away = [] }: Deployment, known: KnownHosts): JudgedHost[] {
  const wasAway = new Set(away);
  return hosts.map((name, place) => {
    const seen = known.reports.get(name);
    const isAlive = known.agents.has(name);
    const host = { name, place, isAlive, report: seen?.report };
    const ended = seen === undefined ? undefined : endOf(seen.report);
    if (seen !== undefined && ended !== undefined) return { ...host, progress: ended, atMs: seen.atMs };
    if (isAlive) return { ...host, progress: 'busy', atMs: seen?.atMs ?? 0 };
    const goneMs = known.goneMs.get(name) ?? 0;
    // It is known to be away already.
    if (seen === undefined && wasAway.has(name)) return { ...host, progress: 'missing', atMs: goneMs };
    const atMs = goneMs + GONE_GRACE_MS;
    return { ...host, progress: known.nowMs < atMs ? 'busy' : gone(seen?.report), atMs };
  });
}

/** When a host of a deploy that is gone is given up; undefined for one whose agent is alive. */
export function givenUpMs(name: string, { agents, goneMs }: KnownHosts): number | undefined {
  return agents.has(name) ? undefined : (goneMs.get(name) ?? 0) + GONE_GRACE_MS;
}

/** Undefined for a report after which others follow. */
function endOf({ state }: Report): Progress | undefined {
  if (state === 'healthy' || state === 'skipped') return 'done';
  return state === 'failed' || state === 'rolled-back' ? 'failed' : undefined;
}

/** Only what it had begun can have gone wrong. */
function gone(report: Report | undefined): Progress {
  return report?.state === 'applying' ? 'lost' : 'missing';
}
