// These wait the longest, mostly for clocks of etcd and SSH: whoever starts last must not be one of them.
const longFirst = [
  'churn/churn',
  'cli/demo',
  'cli/deploy/deploy.',
  'agent/cluster/life-',
  'agent/fleet/one-fleet',
  'agent/server/server-process',
  'agent/recover',
  'agent/cluster/nominee-',
  'agent/deploys/apps',
  'fixtures/owner-ends',
  'tunnel/lossless/',
  'agent/local-users',
  'fixtures/agents',
  'cli/trust/trust.',
  'agent/',
  'cli/commands/refusals',
  'cli/commands/operate',
  'cli/commands/world.',
];

// Files named after a version of etcd run for the one that HAWSER_TEST_ETCD names, else for the newest.
const versions = ['3.4', '3.5'];
const tested = versions.includes(process.env.HAWSER_TEST_ETCD)
  ? process.env.HAWSER_TEST_ETCD
  : versions.at(-1);
const wanted = process.env.HAWSER_LONG ? versions : [tested];
// Whole fleets of bare hosts, for minutes: npm run test:up.
const long = process.env.HAWSER_LONG
  ? []
  : [
      '!dist/test/cli/setup/up.test.js',
      '!dist/test/cli/setup/bare-hosts/*.test.js',
      '!dist/test/docs/bare-sessions.test.js',
    ];
// Whole lives of clusters, and faults while much is under way: npm run test:slow, or by name.
const slow = [
  'agent/cluster/moved',
  'agent/cluster/nominee-*',
  'agent/cluster/placement',
  'agent/cluster/life-*',
  'agent/deploys/apps',
  'agent/deploys/apps-without-etcd',
  'agent/deploys/kill-at-every-step',
  'agent/deploys/schedules/scheduled-app',
  'agent/deploys/ten-hosts',
  'agent/endings',
  'agent/fleet/one-fleet',
  'agent/local-users',
  'agent/recover',
  'agent/socket-group',
  'agent/starts',
  'churn/churn',
  'cli/ci/deploy-from-ci',
  'cli/demo',
  'cli/lab/lab',
  'cli/secrets/secret',
  'docs/sessions',
  'fixtures/faults',
  'fixtures/owner-ends',
  'package/installed',
  'testing/runners',
  'testing/start-fleet',
  'tunnel/lossless/*',
].map((file) => `dist/test/${file}.test.js`);
const isNamed = process.argv.some((arg) => arg.includes('.test.js'));
const chosen = process.env.HAWSER_SLOW
  ? slow
  : ['dist/test/**/*.test.js', ...(isNamed ? [] : slow.map((file) => `!${file}`))];
const unwanted = versions.filter((version) => !wanted.includes(version));

function place(file) {
  const index = longFirst.findIndex((part) => file.includes(`/dist/test/${part}`));
  return index === -1 ? longFirst.length : index;
}

// biome-ignore lint/style/noDefaultExport: ava takes nothing else
export default {
  files: [...chosen, ...long, ...unwanted.map((version) => `!dist/test/**/*-etcd-${version}.test.js`)],
  workerThreads: false,
  // Most of a test's time is waiting, so two cores serve more than two of them; too many make what waits for clocks late.
  concurrency: 6,
  timeout: '3m',
  // A test's process ends before code that V8 optimizes would have paid for it.
  nodeArguments: ['--enable-source-maps', '--no-opt'],
  // Node reads them at each start, which takes longer than the start; where they are needed, npmEnvironment has them.
  environmentVariables: {
    NODE_EXTRA_CA_CERTS: '',
    HAWSER_TEST_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS ?? '',
  },
  sortTestFiles: (a, b) => place(a) - place(b) || a.localeCompare(b),
};
