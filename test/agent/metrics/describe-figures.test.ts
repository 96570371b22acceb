import test from 'ava';
import { describeFigures } from '../../../agent/metrics/describe-figures.js';
import type { HostFigures } from '../../../agent/metrics/host-figures.js';
import { formatMetrics } from '../../../agent/metrics/metric-family.js';
import { formatMetricsAddress, parseMetricsAddress } from '../../../agent/metrics/parse-metrics-address.js';
import { describeStatus } from '../../../agent/metrics/read-server-figures.js';
import { RestartCounts } from '../../../agent/metrics/restart-counts.js';
import type { MemberStatus, RunningApp } from '../../../world/internal.js';
import { parseMetrics, valuesOf } from './parse-metrics.js';

const since = '2026-01-01T00:00:00.000Z';
const status: MemberStatus = {
  ...{ version: '3.5.16', memberId: '1', clusterId: '2', leader: '1', isLearner: false, raftTerm: '2' },
  ...{ dbSizeBytes: 4096, dbSizeInUseBytes: 1024, revision: 12n, raftIndex: 1n, raftAppliedIndex: 1n },
  errors: ['memberID:1 alarm:NOSPACE '],
};
const member = { id: '1', name: 'web1', peerUrls: [], clientUrls: [], isLearner: false };

function appOf(processes: RunningApp['processes'], more: Partial<RunningApp> = {}): RunningApp {
  return { deploy: 7, tree: 'x', since, processes, ...more };
}

function figures(): HostFigures {
  const main = { state: 'running', restarts: 2, health: 'passing', since } as const;
  return {
    startedAtMs: 1_500,
    agent: {
      ...{ hostname: 'web1', version: '1.2.3', fleet: 'a-uuid' },
      ...{ isRegistered: true, isElected: false, isConverged: true },
      health: { disk: { totalBytes: 1000, freeBytes: 250 }, clockAheadMs: -1500 },
      certificate: { from: since, to: '2027-01-01T00:00:00.000Z' },
      server: describeStatus(status, [member, { ...member, id: '3', isLearner: true }]),
    },
    apps: {
      running: new Map([
        ['shop', appOf({ main, worker: { state: 'restarting', restarts: 1, since } })],
        ['site', appOf({}, { health: 'failing', deploy: 3 })],
      ]),
      restarts: new Map([['shop', new Map([['main', 5]])]]),
      newest: new Map([
        ['shop', { id: 8 }],
        ['site', { id: 3, verdict: 'healthy' }],
      ]),
      reports: new Map([['shop', { id: 8, state: 'applying' }]]),
      toldAtMs: 2_500,
    },
  };
}

test('every figure has a name, a unit and the labels that Prometheus expects', (t) => {
  const samples = parseMetrics(formatMetrics(describeFigures(figures())));
  for (const { name } of samples) t.regex(name, /^hawser_.*(_info|_seconds|_bytes|_total|[a-z])$/, name);
  t.deepEqual(samples.find(({ name }) => name === 'hawser_agent_info')?.labels, {
    ...{ hostname: 'web1', version: '1.2.3', fleet: 'a-uuid', node: process.version },
  });
  const single = Object.fromEntries(
    samples.filter(({ labels }) => Object.keys(labels).length === 0).map(({ name, value }) => [name, value]),
  );
  t.deepEqual(single, {
    hawser_agent_start_time_seconds: 1.5,
    hawser_agent_registered: 1,
    hawser_agent_elected: 0,
    hawser_agent_converged: 1,
    hawser_etcd_has_leader: 1,
    hawser_etcd_db_size_bytes: 4096,
    hawser_etcd_db_in_use_bytes: 1024,
    hawser_etcd_revision: 12,
    hawser_disk_size_bytes: 1000,
    hawser_disk_free_bytes: 250,
    hawser_clock_skew_seconds: -1.5,
    hawser_last_report_timestamp_seconds: 2.5,
    hawser_metrics_left_out: 0,
  });
  const has = (name: string, labels: readonly string[], expected: Readonly<Record<string, number>>) =>
    t.deepEqual(valuesOf(samples, name, ...labels), expected, name);
  t.like(valuesOf(samples, 'hawser_etcd_server_state', 'state'), { voter: 1, learner: 0, none: 0 });
  has('hawser_etcd_members', ['role'], { voter: 1, learner: 1 });
  has('hawser_etcd_alarms', ['kind'], { nospace: 1, corrupt: 0 });
  has('hawser_certificate_expiry_timestamp_seconds', ['certificate'], { host: 1_798_761_600 });
  has('hawser_app_deploy_id', ['app'], { shop: 7, site: 3 });
  has('hawser_app_well', ['app'], { shop: 0, site: 0 });
  has('hawser_app_process_healthy', ['app', 'process'], { 'shop main': 1 });
  has('hawser_app_process_restarts_total', ['app', 'process'], { 'shop main': 5 });
  t.like(valuesOf(samples, 'hawser_app_process_state', 'app', 'process', 'state'), {
    ...{ 'shop main running': 1, 'shop main stopped': 0, 'shop worker restarting': 1 },
  });
  has('hawser_deploy_newest_id', ['app'], { shop: 8, site: 3 });
  t.like(valuesOf(samples, 'hawser_deploy_verdict', 'app', 'verdict'), {
    ...{ 'shop running': 1, 'shop healthy': 0, 'site healthy': 1, 'site running': 0 },
  });
  has('hawser_deploy_report_id', ['app'], { shop: 8 });
  t.like(valuesOf(samples, 'hawser_deploy_report_state', 'app', 'state'), { 'shop applying': 1 });
});

test('what an agent does not know is not there', (t) => {
  const { agent, startedAtMs } = figures();
  const nothing = { running: new Map(), restarts: new Map(), newest: new Map(), reports: new Map() };
  const empty = {
    ...agent,
    fleet: undefined,
    health: {},
    certificate: undefined,
    server: { state: 'none' },
  } as const;
  const text = formatMetrics(describeFigures({ agent: empty, apps: nothing, startedAtMs }));
  const names = new Set(parseMetrics(text).map(({ name }) => name));
  t.deepEqual(
    [...names],
    [
      'hawser_agent_info',
      'hawser_agent_start_time_seconds',
      'hawser_agent_registered',
      'hawser_agent_elected',
      'hawser_agent_converged',
      'hawser_etcd_server_state',
      'hawser_metrics_left_out',
    ],
  );
});

test('what a server without a leader says', (t) => {
  t.like(describeStatus({ ...status, leader: '0', errors: ['etcdserver: no leader'] }, undefined), {
    ...{ state: 'no-quorum', hasLeader: false, voters: undefined, alarms: { nospace: 0, corrupt: 0 } },
  });
  t.is(describeStatus({ ...status, isLearner: true }, []).state, 'learner');
});

test('a name cannot bring lines, series or control characters with it', (t) => {
  const app = 'a"} 1\nhawser_evil 1\n\\\u001b[31m\u0085';
  const help = 'Two\nlines \\ and more.';
  const text = formatMetrics([
    { name: 'hawser_x', type: 'gauge', help, samples: [{ labels: { app }, value: 1 }] },
  ]);
  const [sample, ...others] = parseMetrics(text);
  t.is(sample?.labels['app'], 'a"} 1\nhawser_evil 1\n\\\ufffd[31m\ufffd');
  t.deepEqual(
    others.map(({ name }) => name),
    ['hawser_metrics_left_out'],
  );
  t.notRegex(text, /^hawser_evil/m);
});

test('long labels are cut, and of series that are then alike one is shown', (t) => {
  const long = 'x'.repeat(300);
  const samples = ['1', '2'].map((end) => ({ labels: { app: long + end }, value: Number(end) }));
  const [first, ...others] = parseMetrics(
    formatMetrics([{ name: 'hawser_x', type: 'gauge', help: 'X.', samples }]),
  );
  t.deepEqual([first?.labels['app'], first?.value], ['x'.repeat(200), 1]);
  t.is(others.length, 1);
});

test('an answer is never too long, and says what it leaves out', (t) => {
  const samples = Array.from({ length: 50 }, (_, n) => ({ labels: { app: `app${n}` }, value: n }));
  const family = { type: 'gauge', help: 'X.' } as const;
  const families = [
    { ...family, name: 'hawser_a', samples: samples.slice(0, 2) },
    { ...family, name: 'hawser_b', samples },
  ];
  const text = formatMetrics(families, 500);
  t.true(text.length < 800);
  const parsed = parseMetrics(text);
  t.deepEqual(valuesOf(parsed, 'hawser_metrics_left_out'), { '': 1 });
  t.is(parsed.filter(({ name }) => name === 'hawser_a').length, 2);
});

test('restarts are counted although what a process says of itself begins again', (t) => {
  const counts = new RestartCounts();
  let before: RunningApp | undefined;
  const see = (restarts: number | undefined) => {
    const now = restarts === undefined ? undefined : appOf({ main: { state: 'running', restarts, since } });
    counts.see('shop', before, now);
    before = now;
    return counts.all.get('shop')?.get('main');
  };
  t.deepEqual([0, 1, 2, 2, 0, 1].map(see), [0, 1, 2, 2, 2, 3]);
  t.is(see(undefined), undefined);
  t.is(counts.all.size, 0);
});

for (const [text, shown] of [
  ['unix:/run/hawser/metrics.sock', 'unix:/run/hawser/metrics.sock'],
  ['unix:///run/x.sock', 'unix:/run/x.sock'],
  ['127.0.0.1:9633', 'http://127.0.0.1:9633/metrics'],
  ['localhost:80', 'http://127.0.0.1:80/metrics'],
  ['[::1]:9633', 'http://[::1]:9633/metrics'],
] as const)
  test(`${text} is an address for metrics`, (t) => {
    t.is(formatMetricsAddress(parseMetricsAddress(text)), shown);
  });

for (const [text, why] of [
  ['0.0.0.0:9633', /not on the loopback interface/],
  ['10.0.0.1:9633', /not on the loopback interface/],
  [':9633', /not on the loopback interface/],
  ['9633', /has no port/],
  ['127.0.0.1', /has no port/],
  ['127.0.0.1:0', /from 1 to 65535/],
  ['127.0.0.1:65536', /from 1 to 65535/],
  ['unix:relative', /is no socket/],
  ['unix:/', /is no socket/],
  [`unix:/${'x'.repeat(200)}`, /too long for a unix socket/],
  ['', /has no port/],
] as const)
  test(`${text.slice(0, 20) || 'nothing'} is no address for metrics`, (t) => {
    t.throws(() => parseMetricsAddress(text), { code: 'invalid', message: why });
  });
