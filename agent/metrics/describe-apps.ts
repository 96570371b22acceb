import {
  isWell,
  type NewestDeploy,
  PROCESS_STATES,
  REPORT_STATES,
  type RunningApp,
  VERDICTS,
} from '../../world/internal.js';
import type { LastReport } from '../deploys/reports/deploy-reporter.js';
import type { AppFigures } from './host-figures.js';
import { gauge, oneOf, secondsOf } from './make-samples.js';
import type { MetricFamily, Sample } from './metric-family.js';

/** What runs on a host, what it told the fleet of it, and what became of the newest deploy of each app. */
export function describeApps({ running, restarts, newest, reports, toldAtMs }: AppFigures): MetricFamily[] {
  const apps = [...running];
  return [
    ...describeRunning(apps),
    ...describeProcesses(apps, restarts),
    ...describeDeploys([...newest], [...reports]),
    gauge(
      'hawser_last_report_timestamp_seconds',
      'When this host last told the fleet something of its apps, in seconds since the epoch.',
      toldAtMs === undefined ? undefined : toldAtMs / 1_000,
    ),
  ];
}

function describeRunning(apps: readonly (readonly [string, RunningApp])[]): MetricFamily[] {
  const ofApp = (read: (app: RunningApp) => number): Sample[] =>
    apps.map(([app, found]) => ({ labels: { app }, value: read(found) }));
  return [
    {
      name: 'hawser_app_deploy_id',
      type: 'gauge',
      help: 'The deploy of an app that runs on this host.',
      samples: ofApp(({ deploy }) => deploy),
    },
    {
      name: 'hawser_app_well',
      type: 'gauge',
      help: 'Whether an app runs on this host as it should: all of its processes, and its health checks.',
      samples: ofApp((found) => Number(isWell(found))),
    },
    {
      name: 'hawser_app_deployed_timestamp_seconds',
      type: 'gauge',
      help: 'Since when this deploy of an app has run on this host, in seconds since the epoch.',
      samples: ofApp(({ since }) => secondsOf(since)),
    },
  ];
}

function describeProcesses(
  apps: readonly (readonly [string, RunningApp])[],
  restarts: AppFigures['restarts'],
): MetricFamily[] {
  const all = apps.flatMap(([app, { processes }]) =>
    Object.entries(processes).map(([process, status]) => ({ labels: { app, process }, status })),
  );
  return [
    {
      name: 'hawser_app_process_state',
      type: 'gauge',
      help: 'What a process of an app does on this host: 1 for its state, 0 for the others.',
      samples: all.flatMap(({ labels, status }) => oneOf('state', PROCESS_STATES, status.state, labels)),
    },
    {
      name: 'hawser_app_process_state_timestamp_seconds',
      type: 'gauge',
      help: 'Since when a process has been in its state, in seconds since the epoch.',
      samples: all.map(({ labels, status }) => ({ labels, value: secondsOf(status.since) })),
    },
    {
      name: 'hawser_app_process_healthy',
      type: 'gauge',
      help: 'Whether the health check of a process passes; absent without one, and before its first answer.',
      samples: all.flatMap(({ labels, status: { health } }) =>
        health === undefined ? [] : [{ labels, value: Number(health === 'passing') }],
      ),
    },
    {
      name: 'hawser_app_process_restarts_total',
      type: 'counter',
      help: 'How often a process of an app was restarted because it had ended, since the agent started.',
      samples: [...restarts].flatMap(([app, ofApp]) =>
        [...ofApp].map(([process, value]) => ({ labels: { app, process }, value })),
      ),
    },
  ];
}

function describeDeploys(
  newest: readonly (readonly [string, NewestDeploy])[],
  reports: readonly (readonly [string, LastReport])[],
): MetricFamily[] {
  return [
    {
      name: 'hawser_deploy_newest_id',
      type: 'gauge',
      help: 'The newest deploy of each app of the fleet, as this host has seen last.',
      samples: newest.map(([app, { id }]) => ({ labels: { app }, value: id })),
    },
    {
      name: 'hawser_deploy_verdict',
      type: 'gauge',
      help: 'What became of the newest deploy of each app of the fleet: 1 for its verdict, 0 for the others.',
      samples: newest.flatMap(([app, { verdict = 'running' }]) =>
        oneOf('verdict', ['running', ...VERDICTS], verdict, { app }),
      ),
    },
    {
      name: 'hawser_deploy_report_id',
      type: 'gauge',
      help: 'The deploy of an app that this host has reported on last.',
      samples: reports.map(([app, { id }]) => ({ labels: { app }, value: id })),
    },
    {
      name: 'hawser_deploy_report_state',
      type: 'gauge',
      help: 'What this host has reported last of a deploy of an app: 1 for that state, 0 for the others.',
      samples: reports.flatMap(([app, { state }]) => oneOf('state', REPORT_STATES, state, { app })),
    },
  ];
}
