import type { ProcessSpec } from '../processes/process-host.js';

/** What the name of every unit of an app begins with. Names of apps, processes, and releases have no dots. */
export const UNIT_PREFIX = 'hawser-app-';

/** Units are made again from the agent's disk after a boot, so nothing of them outlives one. */
export const UNIT_FOLDER = '/run/systemd/system';

/** Environments, for root only. Not in the directory of the sockets of etcd, which may hold nothing else. */
export const ENVIRONMENT_FOLDER = '/run/hawser-apps';

type Named = Pick<ProcessSpec, 'app' | 'process' | 'release'>;

export function serviceName({ app, process, release }: Named): string {
  return `${socketStem({ app, process })}.${release}.service`;
}

export function socketName(of: Pick<Named, 'app' | 'process'>): string {
  return `${socketStem(of)}.socket`;
}

/** `hawser-app-APP.PROCESS`: what all units of one process have in common. */
export function socketStem({ app, process }: Pick<Named, 'app' | 'process'>): string {
  return `${UNIT_PREFIX}${app}.${process}`;
}
