import test from 'ava';
import type { ProcessSpec } from '../../../../agent/deploys/processes/process-host.js';
import {
  formatEnvironment,
  formatService,
  formatSocket,
  listenAddress,
  quoteWord,
} from '../../../../agent/deploys/units/unit-files.js';

const SPEC: ProcessSpec = {
  ...{ app: 'shop', process: 'web', release: '12', argv: ['node', 'server.mjs', '50% $HOME'] },
  folder: '/var/lib/hawser/apps/shop/releases/12',
  environment: { SECRET: 'hidden' },
  account: { name: 'ann', uid: 1000, gid: 1001, home: '/home/ann' },
  limits: { memoryBytes: 1024, cpu: 0.5, files: 99 },
  ...{ listen: '127.0.0.1:80', stopGraceMs: 2_500, settleMs: 1, logFile: '/x' },
};

test('a service names its program, user, limits, and socket, and nothing secret', (t) => {
  const text = formatService(SPEC, '/usr/bin/node');
  const has = (line: string) => t.true(text.split('\n').includes(line), `${line} in\n${text}`);
  has('ExecStart=":/usr/bin/node" "server.mjs" "50%% $HOME"');
  has('EnvironmentFile=/run/hawser-apps/hawser-app-shop.web.12.service.env');
  has('User=ann');
  has('Group=1001');
  has('NoNewPrivileges=yes');
  has('TimeoutStopSec=2500ms');
  has('MemoryMax=1024');
  has('CPUQuota=50%');
  has('LimitNOFILE=99');
  has('Sockets=hawser-app-shop.web.socket');
  t.false(text.includes('hidden'));
});

test('a process of root without limits and a socket has none in its service', (t) => {
  const text = formatService({ ...SPEC, account: undefined, limits: {}, listen: undefined }, '/usr/bin/node');
  t.notRegex(text, /^(User|Group|NoNewPrivileges|MemoryMax|CPUQuota|LimitNOFILE|Sockets)=/m);
});

test('a socket belongs to the service of its release', (t) => {
  const text = formatSocket(SPEC, '127.0.0.1:80');
  t.regex(text, /^ListenStream=127\.0\.0\.1:80$/m);
  t.regex(text, /^Service=hawser-app-shop\.web\.12\.service$/m);
});

test('no word can end its line or its quotes', (t) => {
  t.is(quoteWord('a "b" \\ \n\t%i ;'), '"a \\"b\\" \\\\ \\x0a\\x09%%i ;"');
  t.is(quoteWord(''), '""');
});

test('an environment keeps any value, and none of what systemd gave the agent', (t) => {
  t.is(
    formatEnvironment({
      B: 'x"y\\z`$',
      A: 'two\nlines',
      'not-a-name': '1',
      INVOCATION_ID: '2',
      LISTEN_FDS: '3',
    }),
    'A="two\nlines"\nB="x\\"y\\\\z\\`\\$"\n',
  );
});

test('only numeric addresses with a port can be listened on', (t) => {
  t.is(listenAddress('localhost:80'), '127.0.0.1:80');
  t.is(listenAddress('[::]:8080'), '[::]:8080');
  for (const bad of ['8080', 'example.org:80', '1.2.3.4:80\nExecStart=x', '/run/x.sock', '']) {
    t.is(listenAddress(bad), undefined, bad);
  }
});
