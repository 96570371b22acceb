import test from 'ava';
import { appOnHost } from '../../../cli/apps/read-apps.js';
import type { RunningApp } from '../../../world/index.js';

const running: RunningApp = {
  deploy: 12,
  tree: 'a'.repeat(64),
  since: '2026-01-01T00:00:00Z',
  processes: { web: { state: 'running', restarts: 0, health: 'passing', since: '2026-01-01T00:00:05Z' } },
};

function withWeb(web: Partial<RunningApp['processes'][string]>): RunningApp {
  const { web: before } = running.processes;
  return before === undefined
    ? running
    : { ...running, processes: { ...running.processes, web: { ...before, ...web } } };
}

test('an app is well while all its processes run and are found healthy', (t) => {
  t.deepEqual(appOnHost('web1', running), {
    ...{ hostname: 'web1', deploy: 12, state: 'well', since: '2026-01-01T00:00:05Z', problem: '' },
  });
  t.like(appOnHost('web1', { ...running, processes: {} }), { state: 'well', since: running.since });
});

test('an app that keeps exiting, or is not healthy, is unwell, with the reason', (t) => {
  const restarting = withWeb({ state: 'restarting', restarts: 4, lastExit: 'exited (exit code 7)' });
  t.like(appOnHost('web1', restarting), {
    state: 'unwell',
    problem: 'web restarting (exited (exit code 7), restarted 4 times)',
  });
  t.like(appOnHost('web1', withWeb({ health: 'failing', finding: 'no answer within 5 s' })), {
    state: 'unwell',
    problem: 'web unhealthy: no answer within 5 s',
  });
});

test('an app of files alone is as its own check finds it', (t) => {
  const files = { ...running, processes: {} };
  t.like(appOnHost('web1', { ...files, health: 'passing' }), { state: 'well', problem: '' });
  t.like(appOnHost('web1', { ...files, health: 'failing', finding: 'test exited (exit code 1)' }), {
    state: 'unwell',
    problem: 'unhealthy: test exited (exit code 1)',
  });
});

test('of a host whose agent is not running nobody knows, and since when is said', (t) => {
  t.like(appOnHost('web1', running, '2026-02-01T00:00:00Z'), {
    ...{ state: 'unknown', since: '2026-02-01T00:00:00Z', problem: 'its agent is not running' },
  });
});
