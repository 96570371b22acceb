import type { DeployEntry } from '../../../agent/deploys/releases/deploy-entry.js';
import { deployOf } from './app-host.js';

/** A hook that kills its agent, the first time. */
export const KILL_ONCE = '[ -e data/killed ] || { touch data/killed; kill -9 $PPID; }';

/** A deploy of an app that has all that takes a step: hooks, shared directories, a process. */
export function versionOf(id: number, more: Readonly<Record<string, string>> = {}): DeployEntry {
  const hook = (name: string) => ({ run: ['sh', '-c', more[name] ?? 'true'] as [string, ...string[]] });
  return deployOf(id, {
    ...{ name: 'app', settleMs: 1, keep: 1, shared: ['data'] },
    processes: { main: { run: ['sleep', '1000'] } },
    hooks: { prepare: hook('prepare'), verify: hook('verify'), stop: hook('stop') },
  });
}
