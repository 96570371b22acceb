import test from 'ava';
import fc from 'fast-check';
import { SERVER_STATES, type ServerReport } from '../../../agent/control/control-protocol.js';
import { formatPlan, formatReports } from '../../../cli/recover/format-recovery.js';
import { type HostReport, planRecovery } from '../../../cli/recover/plan-recovery.js';
import { refillState } from '../../../cli/recover/wait-for-refill.js';
import type { Member } from '../../../world/index.js';

const three = ['1', '2', '3'].map((id) => ({ name: `h${id}`, id, peerUrls: [`http://h${id}:2380`] }));

/** A host hN whose server is member N of three without a quorum, unless said otherwise. */
function host(id: string, server: Partial<ServerReport> = {}): HostReport {
  const lost = {
    state: 'no-quorum',
    memberId: id,
    clusterId: '7',
    members: three,
    dataFolder: true,
  } as const;
  const numbers = { revision: '100', raftTerm: '4', raftIndex: '200', dbSizeBytes: 20_480 };
  const agent = { hostname: `h${id}`, pid: 10, version: '1', server: { ...lost, ...numbers, ...server } };
  return { host: `root@h${id}`, agent };
}

function away(id: string): HostReport {
  const trouble = { kind: 'out-of-reach', message: 'nothing listens there' } as const;
  return { host: `root@h${id}`, agent: undefined, trouble };
}

const empty: Partial<ServerReport> = {
  state: 'none',
  dataFolder: false,
  raftIndex: undefined,
  revision: undefined,
  clusterId: undefined,
  memberId: undefined,
};

test('a cluster with a quorum is left alone', (t) => {
  const plan = planRecovery([host('1', { state: 'voter' }), host('2', { state: 'no-quorum' }), away('3')]);
  t.deepEqual(plan, { kind: 'nothing', base: 'root@h1' });
  t.like(planRecovery([away('1'), host('2', { state: 'learner' })]), { kind: 'nothing' });
});

test('the one whose commit is furthest is the best, whatever term a lonely server has called for', (t) => {
  const plan = planRecovery([
    host('1', { raftIndex: '250', raftTerm: '4' }),
    host('2', { raftIndex: '90', raftTerm: '99' }),
    away('3'),
  ]);
  t.like(plan, { kind: 'rebuild', base: 'root@h1', rejoin: ['root@h2'] });
});

test('numbers are compared as numbers, beyond 2^53 too', (t) => {
  const plan = planRecovery([
    host('1', { raftIndex: '9007199254740992' }),
    host('2', { raftIndex: '9007199254740993' }),
  ]);
  t.like(plan, { base: 'root@h2' });
  t.like(planRecovery([host('1', { raftIndex: '9' }), host('2', { raftIndex: '10' })]), { base: 'root@h2' });
});

test('it says what would be lost, and by whom', (t) => {
  const plan = planRecovery([host('1'), away('2'), away('3')]);
  t.like(plan, {
    loss: 'h1 has everything up to revision 100. At worst, writes acknowledged after that are lost, by h2, h3.',
  });
});

test('it warns when those out of reach could still be the cluster', (t) => {
  const plan = planRecovery([host('1'), away('2'), away('3')]);
  t.regex(
    String(formatPlan(plan, [])),
    /Warning: 2 of 3 members \(h2, h3\) cannot be reached\. If they are still running, rebuilding creates a second/,
  );
});

test('it warns when a majority is there and only does not find together', (t) => {
  const text = String(formatPlan(planRecovery([host('1'), host('2'), away('3')]), []));
  t.regex(text, /Warning: 2 of 3 members are up with their data/);
  t.notRegex(text, /cannot be reached/);
});

test('a host that was named in two ways counts once', (t) => {
  const once = host('1');
  const plan = planRecovery([once, { ...once, host: 'h1-by-another-name' }]);
  t.like(plan, { kind: 'rebuild', base: 'root@h1', rejoin: [] });
  t.regex(String(formatPlan(plan, [])), /2 of 3 members \(h2, h3\) cannot be reached/);
});

test('data of different clusters is not thrown together', (t) => {
  const plan = planRecovery([host('1'), host('2', { clusterId: '255' })]);
  t.deepEqual(plan, {
    kind: 'impossible',
    reason: 'The hosts hold data of different clusters: h1 of 7, h2 of ff.',
  });
});

test('without data there is nothing to rebuild from', (t) => {
  t.like(planRecovery([away('1'), away('2')]), {
    reason: 'No agent could be reached, so there is nothing to rebuild from.',
  });
  t.like(planRecovery([host('1', empty), away('2')]), { kind: 'impossible' });
});

test('of servers that do not run one alone can be rebuilt, several not be told apart', (t) => {
  const stopped = { state: 'stopped', raftIndex: undefined, clusterId: undefined } as const;
  t.like(planRecovery([host('1', stopped), host('2', empty)]), {
    kind: 'rebuild',
    base: 'root@h1',
    rejoin: [],
  });
  t.like(planRecovery([host('1', stopped), host('2', stopped)]), { kind: 'impossible' });
  const plan = planRecovery([host('1', stopped), host('2')]);
  t.like(plan, { kind: 'rebuild', base: 'root@h2', rejoin: ['root@h1'] });
  t.regex(String(formatPlan(plan, [])), /It is not known how recent the data of h1 is/);
});

test('a recovery that was interrupted is finished: who holds to the cluster of before still has to join', (t) => {
  const rebuilt = host('1', { state: 'voter', members: three.slice(0, 1) });
  const plan = planRecovery([rebuilt, host('2'), away('3')]);
  t.deepEqual(plan, { kind: 'finish', base: 'root@h1', rejoin: ['root@h2'] });
  const other = host('2', { clusterId: '8' });
  t.like(planRecovery([rebuilt, other]), { kind: 'nothing' });
});

const report = fc
  .record({
    id: fc.integer({ min: 1, max: 99 }).map(String),
    state: fc.constantFrom(...SERVER_STATES),
    raftIndex: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String), { nil: undefined }),
    dataFolder: fc.boolean(),
    reached: fc.boolean(),
  })
  .map(({ id, reached, ...server }) => (reached ? host(id, server) : away(id)));
const reports = fc.uniqueArray(report, { maxLength: 7, selector: ({ host }) => host });

test('whatever is found, a rebuild is never planned beside a server that serves, and never from less than the most', (t) => {
  fc.assert(
    fc.property(reports, (found) => {
      const plan = planRecovery(found);
      const agents = found.flatMap(({ host, agent }) => (agent ? [{ host, ...agent.server }] : []));
      if (agents.some(({ state }) => state === 'voter' || state === 'learner')) t.not(plan.kind, 'rebuild');
      if (plan.kind !== 'rebuild') return;
      const holders = agents.filter(({ dataFolder }) => dataFolder);
      t.deepEqual([plan.base, ...plan.rejoin].sort(), holders.map(({ host }) => host).sort());
      const most = holders.reduce(
        (top, { raftIndex = '0' }) => (BigInt(raftIndex) > top ? BigInt(raftIndex) : top),
        0n,
      );
      t.is(BigInt(holders.find(({ host }) => host === plan.base)?.raftIndex ?? 0), most);
    }),
  );
});

test('what agents say of themselves adds no rows and moves no cursor', (t) => {
  const evil = 'h9\x1b[2J\nh8  up, pid 1  voter';
  const { agent, ...rest } = host('1');
  const found = [{ ...rest, agent: agent && { ...agent, hostname: evil } }, away(evil)];
  const shown = `${formatReports(found)}\n${formatPlan(planRecovery(found), found)}`;
  t.notRegex(shown, /[^\P{Cc}\n]|^h8/mu);
  t.true(shown.includes('h9\\e[2J\\nh8'));
});

test('the table shows every host with what it has', (t) => {
  const noAgent = { kind: 'no-agent', message: 'no such socket' } as const;
  const found = [
    host('1'),
    host('2', empty),
    away('3'),
    { host: 'root@h4', agent: undefined, trouble: noAgent },
  ];
  t.deepEqual(String(formatReports(found)).split('\n'), [
    'HOST     AGENT         SERVER     REVISION  TERM  INDEX  DATA',
    'h1       up, pid 10    no-quorum  100       4     200    20 kB',
    'h2       up, pid 10    none       -         4     -      none',
    'root@h3  out of reach',
    'root@h4  none',
    '',
    'root@h3: nothing listens there',
    'root@h4: no such socket',
  ]);
});

test('a cluster is complete when those expected are back and an odd number votes', (t) => {
  const members = (...names: string[]): Member[] =>
    names.map((name) => ({ id: name, name, peerUrls: [], clientUrls: [], isLearner: name.startsWith('l') }));
  const of = (voters: Member[], size: number, volunteers: string[], expected: string[], alive = volunteers) =>
    refillState({ members: voters, size, volunteers, expected, alive });
  t.like(of(members('a'), 5, ['a', 'b'], ['a', 'b']), { wantedVoters: 1, isComplete: true });
  t.like(of(members('a'), 5, ['a'], ['a', 'b']), { missing: ['b'], isComplete: false });
  t.like(of(members('a'), 5, ['a', 'b', 'c'], ['a']), { wantedVoters: 3, isComplete: false });
  const pending: Member = { id: '9', name: '', peerUrls: [], clientUrls: [], isLearner: true };
  t.like(of([...members('a'), pending], 5, ['a', 'dead'], ['a'], ['a']), { isComplete: true });
  t.like(of(members('a', 'b', 'l'), 5, ['a', 'b', 'l'], []), { isComplete: false });
  t.like(of(members('a', 'b', 'c'), 5, ['a', 'b', 'c', 'd'], []), { wantedVoters: 3, isComplete: true });
  t.like(of(members('a', 'b', 'c'), 3, ['a', 'b', 'c', 'd', 'e'], []), { isComplete: true });
  t.like(of(members('a'), 5, ['a', 'dead', 'gone'], ['a'], ['a']), { wantedVoters: 1, isComplete: true });
});
