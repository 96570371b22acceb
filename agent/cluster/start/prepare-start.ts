import { describeFleet } from '../../../world/internal.js';
import type { EtcdSettings } from '../../options/embd-etcd-options.js';
import { exposureWarnings } from '../../options/exposure-warnings.js';
import type { DataFolder } from '../server/data-folder.js';
import type { ServerStart } from '../server/etcd/etcd-arguments.js';
import type { ServerLauncher } from '../server/server-launcher.js';
import { refuseSecondCluster } from './detect-former-cluster.js';
import { type ForkGuard, NewClusterPermit } from './new-cluster-permit.js';
import { planStart } from './plan-start.js';

/** How an agent starts. */
export interface StartDecision {
  /** The server to start immediately; undefined for a host that starts as a client. */
  readonly start: ServerStart | undefined;
  readonly seeds: readonly string[];
  /** The seeds and all last known endpoints. */
  readonly all: readonly string[];
  /** Whether this host may run a server, now or later. */
  readonly runsServer: boolean;
}

/**
 * Decides how to start, from the options and the contents of the prefix.
 *
 * @throws AgentError `no-fleet` if there is nothing to join and no new cluster may be created; `other-cluster` if a
 * cluster expects a server of this host, which has lost its data.
 */
export async function decideStart(
  options: EtcdSettings,
  folder: DataFolder,
  launcher: ServerLauncher,
  signal: AbortSignal,
): Promise<StartDecision> {
  const { hostname, prefix, noServer = false, seeds, newCluster = false, log } = options;
  const isAlone = options.noNetwork !== true && options.serverUrls.length === 0;
  const fleet = await folder.rememberedFleet();
  // A host whose fleet.json was removed should join the fleet of its seeds, not return to its previous one.
  const isMoved = fleet === undefined && !folder.hasData && seeds.length > 0;
  const reached = isMoved ? [] : await folder.knownEndpoints();
  const known = [...new Set([...reached, ...(fleet?.endpoints ?? [])])];
  const facts = {
    ...{ hostname, prefix, seeds, newCluster },
    hasData: !noServer && folder.hasData,
    connectsThroughSsh: options.connectSeeds !== undefined,
    remembered: known.filter((url) => !launcher.addresses.localUrls.includes(url)),
    fleet: fleet && describeFleet(fleet),
  };
  const plan = planStart(facts);
  if (!noServer) for (const warning of exposureWarnings(options)) log('warn', warning);
  switch (plan.kind) {
    case 'restart':
      return { start: plan, seeds, all: [...new Set([...seeds, ...known])], runsServer: true };
    case 'join':
      if (plan.note !== undefined) log('info', plan.note);
      if (isAlone && !noServer)
        log('info', `${hostname} runs no etcd server: pass --server-urls to let other servers reach it`);
      return {
        ...{ start: undefined, seeds: plan.seeds, runsServer: !noServer && !isAlone },
        all: [...new Set([...plan.seeds, ...known])],
      };
    case 'found': {
      const { serverUrls } = launcher.addresses.inEtcd;
      const guard: ForkGuard = (abort) =>
        refuseSecondCluster(hostname, serverUrls, { signal: abort, peerTls: options.tls?.peer });
      const permit = await NewClusterPermit.ask(facts, folder, guard, signal);
      return { start: { kind: 'new', permit }, seeds, all: [], runsServer: true };
    }
  }
}
