import type { ScheduledApp } from '../apps/read-schedules.js';

interface HostWithApps {
  readonly hostname: string;
  readonly alive: boolean;
  readonly apps: readonly { readonly app: string }[];
}

interface MissingApp {
  readonly code: 'app-missing';
  readonly host: string | null;
  readonly app: string;
  readonly message: string;
}

/** The apps that do not run where their schedule has them run. Of hosts that are not alive other problems tell. */
export function findUnmetSchedules(
  schedules: ReadonlyMap<string, ScheduledApp>,
  hosts: readonly HostWithApps[],
): MissingApp[] {
  return [...schedules].flatMap(([app, { namespace, chosen }]): MissingApp[] => {
    const isRunningOn = (host: string) =>
      hosts.some(({ hostname, apps }) => hostname === host && apps.some((found) => found.app === app));
    if (chosen.length === 0) {
      const message = `${app} is to run nowhere: the schedule "${namespace}" has chosen no host.`;
      return [{ code: 'app-missing', host: null, app, message }];
    }
    return chosen.flatMap((host): MissingApp[] => {
      const isAlive = hosts.some(({ hostname, alive }) => hostname === host && alive);
      if (!isAlive || isRunningOn(host)) return [];
      const message = `${app} does not run on ${host}, which the schedule "${namespace}" has chosen: "hawser apps" and "hawser deploys list" show how far it is.`;
      return [{ code: 'app-missing', host, app, message }];
    });
  });
}
