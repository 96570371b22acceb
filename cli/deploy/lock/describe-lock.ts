import type { DeployLock } from '../../../world/deploys/locks/deploy-lock.js';
import { counted } from '../../output/format-quantities.js';

/** "shop is locked by ann@laptop (migration) since 2026-01-01 10:00:00 UTC, 5 minutes ago, until 2026-01-01 11:00:00 UTC." */
export function describeLock(app: string, lock: DeployLock, nowMs = Date.now()): string {
  const { by, reason, since, until } = lock;
  const why = reason === '' ? '' : ` (${reason})`;
  const age = ageOf(since, nowMs);
  const from = age === undefined ? '' : ` since ${clock(since)}, ${age}`;
  const to = until === undefined ? ', as long as a command of theirs runs' : `, until ${clock(until)}`;
  return `${app} is locked by ${by}${why}${from}${to}.`;
}

function clock(time: string): string {
  return `${time.replace('T', ' ').slice(0, 19)} UTC`;
}

function ageOf(since: string, nowMs: number): string | undefined {
  const minutes = Math.floor(Math.max(0, nowMs - Date.parse(since)) / 60_000);
  if (Number.isNaN(minutes)) return undefined;
  if (minutes < 1) return 'just now';
  if (minutes < 120) return `${counted(minutes, 'minute')} ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${counted(hours, 'hour')} ago` : `${counted(Math.floor(hours / 24), 'day')} ago`;
}
