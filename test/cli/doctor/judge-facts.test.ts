import test from 'ava';
import { banner } from '../../../cli/doctor/checks/banner.js';
import { clock } from '../../../cli/doctor/checks/clock.js';
import { disk } from '../../../cli/doctor/checks/disk.js';
import { etcd } from '../../../cli/doctor/checks/etcd.js';
import { forwarding } from '../../../cli/doctor/checks/forwarding.js';
import { login } from '../../../cli/doctor/checks/login.js';
import { service } from '../../../cli/doctor/checks/service.js';
import { socket } from '../../../cli/doctor/checks/socket.js';
import { tcp } from '../../../cli/doctor/checks/tcp.js';
import type { HostFact } from '../../../cli/doctor/facts/host-fact.js';
import { type LookFact, parseLook } from '../../../cli/doctor/facts/parse-look.js';
import type { Finding } from '../../../cli/doctor/finding.js';
import type { Subject } from '../../../cli/doctor/subject.js';
import type { HostFacts } from '../../../cli/setup/facts/host-facts.js';
import { TunnelError } from '../../../tunnel/errors.js';
import { resolveDestination } from '../../../tunnel/ssh-config/resolve-destination.js';
import { factsOf, recordOf } from '../setup/host-facts.js';

const GB = 1_000_000_000;
const uuid = '6f1c9a52-8d0e-4b57-9a41-0c7d3e5f1b22';

const destination = await resolveDestination('ann@web1', { configFile: 'none' });
const subject: Subject = {
  name: 'web1',
  isFleetHost: true,
  place: 'ann@web1:22',
  destination,
  seeds: ['unix:///run/hawser/etcd.sock'],
  usesBridge: false,
  fleetId: uuid,
  namespace: '/_mgmt',
  own: { version: '1.0.0', protocol: 1 },
};
const record = recordOf('web1', '10.0.0.1', uuid);
const unit = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  result: 'success',
  file: 'enabled',
  restarts: 0,
};
const look: LookFact = {
  disk: { totalBytes: 100 * GB, freeBytes: 50 * GB },
  inodes: undefined,
  mount: '/',
  socket: 'socket',
  isListening: true,
  unit,
  log: ['started', 'cannot read the certificate'],
  groups: ['ann', 'hawser'],
  mayEnter: true,
};

interface Change extends Omit<Partial<HostFact>, 'facts' | 'look'> {
  readonly look?: Partial<LookFact>;
  readonly agent?: Partial<HostFacts['agent']>;
  readonly facts?: Partial<HostFacts>;
}

/** A host on which all is well, but for the changes. */
function host({ look: seen = {}, agent = {}, facts = {}, ...rest }: Change = {}): HostFact {
  const base = factsOf({ record, certificate: undefined, hasClusterData: true });
  const seenAgent = { ...base.agent, ...agent };
  return { ...rest, facts: { ...base, ...facts, agent: seenAgent }, look: { ...look, ...seen } };
}

type Row = readonly [title: string, found: Finding, code: string, message: RegExp, remedy: RegExp];

const forbidden = new TunnelError('forward-refused', 'h', 'refused', {});
const away = { way: { seed: 'unix:///run/hawser/etcd.sock', error: forbidden } };
const server = { address: { host: '10.0.0.1', port: 22 }, addresses: ['10.0.0.1'], words: '' };
const member = { id: '1', name: 'web1', peerUrls: [], clientUrls: [], isLearner: false };
const status = {
  ...{
    version: '3.5.0',
    memberId: '1',
    clusterId: '1',
    leader: '1',
    isLearner: false,
    dbSizeBytes: 1,
    raftTerm: '1',
  },
  ...{ dbSizeInUseBytes: 1, revision: 1n, raftIndex: 1n, raftAppliedIndex: 1n, errors: [] },
};
const inUnit = (change: Partial<typeof unit>): HostFact => host({ look: { unit: { ...unit, ...change } } });

const rows: readonly Row[] = [
  [
    'no answer',
    tcp.judge({ ...server, connectError: 'ETIMEDOUT' }, subject),
    'no-answer',
    /does not answer: the host is off, or a firewall/,
    /hawser down web1 --gone/,
  ],
  [
    'no route',
    tcp.judge({ ...server, connectError: 'EHOSTUNREACH' }, subject),
    'no-route',
    /No route leads from here to 10\.0\.0\.1:22/,
    /VPN/,
  ],
  [
    'a full disk',
    disk.judge(host({ look: { disk: { totalBytes: 10 * GB, freeBytes: 0 } } }), subject),
    'disk-full',
    /The disk of web1 is full: 0 B of 10\.0 GB/,
    /du -xah \/ \|/,
  ],
  [
    'a disk nearly full',
    disk.judge(host({ look: { disk: { totalBytes: 10 * GB, freeBytes: 400_000_000 } } }), subject),
    'disk-low',
    /is nearly full: 400\.0 MB of 10\.0 GB/,
    /du -xah \/ \|/,
  ],
  [
    'no inodes',
    disk.judge(host({ look: { inodes: { total: 1_000_000, free: 12 } } }), subject),
    'no-inodes',
    /only 12 of 1000000 inodes/,
    /--inodes/,
  ],
  [
    'a read-only file system',
    disk.judge(host({ facts: { readOnly: ['/opt'] } }), subject),
    'read-only',
    /root cannot write to \/opt/,
    /dmesg/,
  ],
  [
    'a clock ahead',
    clock.judge(host({ facts: { clockSkewMs: 90_000 } }), subject),
    'clock',
    /90 s ahead of this machine's/,
    /set-ntp true/,
  ],
  [
    'a clock behind',
    clock.judge(host({ facts: { clockSkewMs: -3_600_000 } }), subject),
    'clock',
    /3600 s behind this machine's/,
    /set-ntp true/,
  ],
  [
    'a host that was never set up',
    service.judge(
      host({ agent: { record: undefined, isRunning: false }, look: { isListening: false } }),
      subject,
    ),
    'not-set-up',
    /is in the fleet file, but hawser is not set up there/,
    /^hawser up$/,
  ],
  [
    'a record of another fleet',
    service.judge(host({ agent: { record: { ...record, fleet: { name: 'old', id: 'x' } } } }), subject),
    'other-fleet',
    /belongs to another fleet, old \(x\)/,
    /hawser down web1 --fleet old/,
  ],
  [
    'a record of a newer version',
    service.judge(host({ agent: { record: undefined, isRecordUnreadable: true } }), subject),
    'newer-record',
    /a newer one set the host up/,
    /npm install -g hawser/,
  ],
  [
    'a set-up that was interrupted',
    service.judge(host({ agent: { record: { ...record, state: 'in-progress' } } }), subject),
    'unfinished',
    /is set up only in part/,
    /^hawser up$/,
  ],
  [
    'a masked unit',
    service.judge(inUnit({ load: 'masked' }), subject),
    'unit-masked',
    /Somebody has masked hawser\.service/,
    /systemctl unmask/,
  ],
  [
    'a unit that is gone',
    service.judge(inUnit({ load: 'not-found' }), subject),
    'unit-missing',
    /is gone from web1/,
    /^hawser up$/,
  ],
  [
    'an agent that ends again and again',
    service.judge(inUnit({ sub: 'auto-restart', restarts: 7 }), subject),
    'agent-restarts',
    /has started it 7 times\. Its log ends with "cannot read the certificate"/,
    /journalctl/,
  ],
  [
    'a failed unit',
    service.judge(inUnit({ active: 'failed', result: 'exit-code' }), subject),
    'unit-failed',
    /has failed \(exit-code\)/,
    /^hawser up$/,
  ],
  [
    'a stopped agent',
    service.judge(inUnit({ active: 'inactive', sub: 'dead' }), subject),
    'agent-stopped',
    /is stopped: somebody stopped hawser\.service\.$/,
    /^hawser up$/,
  ],
  [
    'a supervisor that is gone',
    service.judge(host({ look: { unit: undefined }, agent: { isRunning: false } }), subject),
    'agent-stopped',
    /nothing keeps it running/,
    /^hawser up$/,
  ],
  [
    'a socket that lets others in',
    socket.judge({ ...host({ look: { mayEnter: false } }), ...away }, subject),
    'socket-permission',
    /ann may not enter the socket \/run\/hawser\/etcd\.sock on web1: the user is not in the group hawser/,
    /^hawser up$/,
  ],
  [
    'a bridge that does not work',
    forwarding.judge(
      { seed: 'unix:///s', error: new TunnelError('auth-failed', 'h', 'sudo said no.') },
      { ...subject, usesBridge: true },
    ),
    'bridge',
    /sudo said no/,
    /^hawser up$/,
  ],
  [
    'a way that leads nowhere',
    forwarding.judge(
      {
        seed: 'http://10.0.0.9:2379',
        error: new TunnelError('forward-refused', 'h', 'No route.', { refusal: 'no-way' }),
      },
      subject,
    ),
    'no-way-to-etcd',
    /No way leads from web1 to http:\/\/10\.0\.0\.9/,
    /seed/,
  ],
  [
    'data that differs',
    etcd.judge(
      { through: 'host', status, members: [member], alarms: [{ memberId: '1', kind: 'Corrupt' }] },
      subject,
    ),
    'alarm-corrupt',
    /The etcd data of web1 differs/,
    /hawser down web1 && hawser up/,
  ],
  [
    'a member without its etcd',
    etcd.judge({ through: 'others', status, members: [member], alarms: [] }, subject),
    'etcd-stopped',
    /web1 is a member of the cluster, and its agent runs, but no etcd does/,
    /^hawser up$/,
  ],
  [
    'a certificate of tomorrow',
    login.judge(
      {
        error: new TunnelError('auth-failed', 'h', 'no'),
        known: [],
        sshAgent: 'none',
        atMs: 1,
        keys: [
          {
            name: 'k',
            fingerprint: undefined,
            state: 'usable',
            certificate: { file: 'k-cert.pub', fromMs: 86_400_000, toMs: 1e12 },
          },
        ],
      },
      subject,
    ),
    'certificate-not-yet',
    /k-cert\.pub is valid only from 1970-01-02 on/,
    /set-ntp/,
  ],
];

for (const [title, found, code, message, remedy] of rows) {
  test(title, (t) => {
    if (found.state !== 'wrong') return t.fail(JSON.stringify(found));
    t.is(found.problem.code, code);
    t.regex(found.problem.message, message);
    t.regex(found.problem.remedy, remedy);
  });
}

test('on a host on which all is well nothing is found', (t) => {
  const states = [
    disk.judge(host(), subject),
    clock.judge(host(), subject),
    service.judge(host(), subject),
    socket.judge({ ...host(), way: { seed: 'unix:///run/hawser/etcd.sock' } }, subject),
    banner.judge({ ...server, words: 'hello\r\nSSH-2.0-dropbear\r\n' }, subject),
    etcd.judge({ through: 'host', status, members: [member], alarms: [] }, subject),
  ].map(({ state }) => state);
  t.deepEqual([...new Set(states)], ['ok']);
});

test('a host that runs no etcd, by its size, is no problem', (t) => {
  const client = host({ agent: { servesEtcd: false }, look: { socket: 'missing', isListening: false } });
  t.is(socket.judge({ ...client, way: { seed: undefined } }, subject).state, 'skipped');
  t.is(forwarding.judge({ seed: undefined }, subject).state, 'skipped');
  t.is(etcd.judge({ through: 'others', status, members: [], alarms: [] }, subject).state, 'ok');
});

test('what a host says in another form counts as not said', (t) => {
  const fact = (name: string, value: string) => `${name} ${Buffer.from(value).toString('base64')}\n`;
  const self = `${fact('groups', 'a b')}${fact('end', 'yes')}`;
  t.is(parseLook(fact('disk', '1 2'), self), undefined, 'it did not come to its end');
  const said = `${fact('disk', 'full \x1b[31m')}${fact('socket', 'evil')}${fact('unit', 'NRestarts=x\nActiveState=failed')}${fact('end', 'yes')}`;
  t.like(parseLook(said, self), { disk: undefined, socket: undefined, mayEnter: false, groups: ['a', 'b'] });
  t.like(parseLook(said, self)?.unit, { active: 'failed', restarts: 0 });
});
