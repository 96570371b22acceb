import { SERVER_STATES } from '../control/control-protocol.js';
import { describeApps } from './describe-apps.js';
import type { AgentFigures, HostFigures, ServerFigures } from './host-figures.js';
import { counts, gauge, oneOf, secondsOf } from './make-samples.js';
import type { MetricFamily } from './metric-family.js';

/** Every metric of a host. Names and units follow Prometheus' conventions. */
export function describeFigures({ agent, apps, startedAtMs }: HostFigures): MetricFamily[] {
  return [
    ...describeAgent(agent, startedAtMs),
    ...describeServer(agent.server),
    ...describeHost(agent),
    ...describeApps(apps),
  ];
}

function describeAgent(agent: AgentFigures, startedAtMs: number): MetricFamily[] {
  const { hostname, version, fleet = '', isRegistered, isElected, isConverged } = agent;
  return [
    {
      name: 'hawser_agent_info',
      type: 'gauge',
      help: 'The agent of this host; always 1.',
      samples: [{ labels: { hostname, version, fleet, node: process.version }, value: 1 }],
    },
    gauge(
      'hawser_agent_start_time_seconds',
      'When the agent started, in seconds since the epoch.',
      startedAtMs / 1_000,
    ),
    gauge(
      'hawser_agent_registered',
      'Whether this host is registered with its fleet, which it is while it reaches etcd.',
      isRegistered,
    ),
    gauge('hawser_agent_elected', 'Whether this host is elected to manage the etcd cluster.', isElected),
    gauge('hawser_agent_converged', 'Whether this host has nothing left to do.', isConverged),
  ];
}

function describeServer(server: ServerFigures): MetricFamily[] {
  const { state, version, dbSizeBytes, dbSizeInUseBytes, revision, hasLeader, voters, learners, alarms } =
    server;
  return [
    {
      name: 'hawser_etcd_server_state',
      type: 'gauge',
      help: 'What the etcd server of this host is: 1 for its state, 0 for the others.',
      samples: oneOf('state', SERVER_STATES, state),
    },
    {
      name: 'hawser_etcd_server_info',
      type: 'gauge',
      help: 'The etcd server of this host; always 1.',
      samples: version === undefined ? [] : [{ labels: { version }, value: 1 }],
    },
    gauge(
      'hawser_etcd_has_leader',
      'Whether the etcd cluster has a leader, as far as the server of this host knows.',
      hasLeader,
    ),
    {
      name: 'hawser_etcd_members',
      type: 'gauge',
      help: 'Members of the etcd cluster, as far as the server of this host knows.',
      samples: counts('role', { voter: voters, learner: learners }),
    },
    {
      name: 'hawser_etcd_alarms',
      type: 'gauge',
      help: 'Members of the etcd cluster that have raised an alarm.',
      samples: counts('kind', { ...alarms }),
    },
    gauge('hawser_etcd_db_size_bytes', 'The size of the etcd database of this host.', dbSizeBytes),
    gauge('hawser_etcd_db_in_use_bytes', 'The part of the etcd database that is in use.', dbSizeInUseBytes),
    gauge(
      'hawser_etcd_revision',
      'The newest revision that the etcd server of this host has applied.',
      revision === undefined ? undefined : Number(revision),
    ),
  ];
}

function describeHost({ health: { disk, clockAheadMs }, certificate }: AgentFigures): MetricFamily[] {
  const [host, authority] = [certificate?.to, certificate?.authority?.to];
  return [
    gauge('hawser_disk_size_bytes', 'The size of the disk with the data of the agent.', disk?.totalBytes),
    gauge('hawser_disk_free_bytes', 'The room on the disk with the data of the agent.', disk?.freeBytes),
    gauge(
      'hawser_clock_skew_seconds',
      "How far the clock of this host is ahead of the elected host's; absent until that is known.",
      clockAheadMs === undefined ? undefined : clockAheadMs / 1_000,
    ),
    {
      name: 'hawser_certificate_expiry_timestamp_seconds',
      type: 'gauge',
      help: 'When a certificate expires, in seconds since the epoch.',
      samples: counts('certificate', {
        host: host === undefined ? undefined : secondsOf(host),
        authority: authority === undefined ? undefined : secondsOf(authority),
      }),
    },
  ];
}
