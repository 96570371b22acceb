import type { KnownHost } from '../../world/agents/fleet-hosts.js';
import type { HostHealth } from '../../world/agents/host-health.js';
import type { Agent } from '../../world/agents/registered-agents.js';
import type { Member } from '../../world/client/member-types.js';
import type { RunningApps } from '../../world/deploys/running-apps.js';
import { appOnHost } from '../apps/read-apps.js';
import { clocksAhead } from './clocks-ahead.js';
import type { HostApp, HostStatus, Role } from './fleet-status.js';

/** What is stored of each host, by hostname, and who serves etcd. */
export interface StoredHosts {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly known: ReadonlyMap<string, KnownHost>;
  readonly running: ReadonlyMap<string, RunningApps>;
  readonly health: ReadonlyMap<string, HostHealth>;
  readonly convergence: ReadonlyMap<string, boolean>;
  readonly members: readonly Member[];
}

/** All hosts, sorted by name, with what is known of each. */
export function describeHosts(stored: StoredHosts): HostStatus[] {
  const { agents, known, members, health, running, convergence } = stored;
  const aheadMs = clocksAhead(health);
  // A host that was taken out of the fleet has left reports behind.
  const hostnames = new Set([...agents.keys(), ...members.map(({ name }) => name), ...known.keys()]);
  hostnames.delete('');
  const roles = new Map(members.map((member) => [member.name, roleOf(member)]));
  return [...hostnames].sort().map((hostname): HostStatus => {
    const agent = agents.get(hostname);
    const { since, labels = agent?.labels } = known.get(hostname) ?? {};
    const { disk } = health.get(hostname) ?? {};
    const clockAheadMs = aheadMs.get(hostname);
    return {
      hostname,
      alive: agent !== undefined,
      role: roles.get(hostname) ?? 'client',
      converged: convergence.get(hostname) ?? null,
      ...(agent === undefined ? {} : { version: agent.version }),
      ...(since === undefined ? {} : { since }),
      ...(labels === undefined ? {} : { labels }),
      ...(disk === undefined ? {} : { disk }),
      ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
      apps: appsOn(hostname, running.get(hostname), agent),
    };
  });
}

function appsOn(hostname: string, running: RunningApps | undefined, agent: Agent | undefined): HostApp[] {
  return Object.entries(running?.apps ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([app, found]) => {
      const { deploy, state, since, problem } = appOnHost(
        hostname,
        found,
        agent === undefined ? running?.at : undefined,
      );
      return { app, deploy, state, since, problem };
    });
}

function roleOf({ isLearner }: Member): Role {
  return isLearner ? 'learner' : 'voter';
}
