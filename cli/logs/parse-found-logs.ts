import { APP_NAME } from '../../world/deploys/manifest.js';

/** What a host has to read of an app. */
export interface FoundLogs {
  /** By the host's own clock. */
  readonly nowMs: number;
  /** All that there are on the host. */
  readonly apps: readonly string[];
  /** Of the app, where there is something to read of them. */
  readonly processes: readonly FoundProcess[];
}

export interface FoundProcess {
  readonly name: string;
  readonly kept: 'journal' | 'files';
}

/** Reads what the script `LOOK` says; undefined where the user may not look. Whatever is no name is left out. */
export function parseLook(said: string, app: string): FoundLogs | undefined {
  const words = said.split('\n').map((line): readonly [string, string] => {
    const at = line.indexOf(' ');
    return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  if (words.some(([kind]) => kind === 'denied')) return undefined;
  const all = (wanted: string) => words.flatMap(([kind, rest]) => (kind === wanted ? [rest] : []));
  const units = all('unit').flatMap((unit) => processOfUnit(unit, app) ?? []);
  const files = all('file').map((file) => file.replace(/\.log$/, ''));
  const kept = units.length > 0 ? 'journal' : 'files';
  const names = [...new Set(units.length > 0 ? units : files)].filter((name) => APP_NAME.test(name));
  return {
    nowMs: Number(/^\d{1,12}$/.exec(all('now')[0] ?? '')?.[0] ?? Date.now() / 1_000) * 1_000,
    apps: all('app').filter((name) => APP_NAME.test(name)),
    processes: names.sort().map((name) => ({ name, kept })),
  };
}

/** The process of a service such as `hawser-app-web.main.12.service`; undefined for one of another app. */
export function processOfUnit(unit: string, app: string): string | undefined {
  const [name, process, release, kind, ...more] = unit.split('.');
  const isOurs = name === `hawser-app-${app}` && kind === 'service' && more.length === 0;
  return isOurs && release !== '' ? process : undefined;
}
