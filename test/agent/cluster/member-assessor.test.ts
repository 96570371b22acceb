import test from 'ava';
import type { HostStatus } from '../../../agent/cluster/members/choose-member-change.js';
import {
  CATCH_UP_LIMIT_MS,
  GRACE_MS,
  MemberAssessor,
  type Observation,
  START_LIMIT_MS,
} from '../../../agent/cluster/members/member-assessor.js';

const agent = { instance: 'x', version: '1', startedAt: '', pid: 1 };

interface Hosts {
  /** Those whose agents live. */
  readonly agents?: readonly string[];
  /** Those that volunteer. */
  readonly volunteers?: readonly string[];
  readonly nominated?: readonly string[];
  /** Members by name; one that has not started is `?` and its host. */
  readonly members: readonly string[];
  readonly learner?: string;
}

function observation({ members, agents = [], volunteers = [], nominated = [], learner }: Hosts): Observation {
  return {
    size: 3,
    agents: new Map(agents.map((hostname) => [hostname, { ...agent, hostname, labels: { zone: hostname } }])),
    volunteers: volunteers.map((key, index) => ({
      key,
      value: Buffer.from(`http://${key}:2380`),
      createRevision: BigInt(index + 1),
      modRevision: 1n,
      version: 1n,
      lease: '1',
    })),
    nominated: new Map(nominated.map((hostname) => [hostname, [`http://${hostname}:2380`]])),
    backingOff: new Set(),
    members: members.map((name) => ({
      id: name,
      name: name.startsWith('?') ? '' : name,
      peerUrls: [`http://${name.replace('?', '')}:2380`],
      clientUrls: [],
      isLearner: name === learner,
    })),
  };
}

function statuses(observer: MemberAssessor, hosts: Hosts, now: number): (HostStatus | undefined)[] {
  return observer.observe(observation(hosts), now).state.members.map(({ status }) => status);
}

test.serial('a member is what its host does: willing, leaving, away, or foreign', (t) => {
  const hosts = {
    members: ['h1', 'h2', 'h3', 'h4', 'h5'],
    agents: ['h1', 'h2', 'h5'],
    volunteers: ['h1'],
    nominated: ['h1', 'h2', 'h3'],
  };
  t.deepEqual(statuses(new MemberAssessor(), hosts, 0), ['willing', 'leaving', 'away', 'foreign', 'foreign']);
});

test.serial(
  'a host is gone when it was away for the grace, by our clock, and says when that will be',
  (t) => {
    const observer = new MemberAssessor();
    const away = { members: ['h1'], nominated: ['h1'] };
    const first = observer.observe(observation(away), 1000);
    t.is(first.state.members[0]?.status, 'away');
    t.is(first.changesInMs, GRACE_MS);
    t.deepEqual(statuses(observer, away, 1000 + GRACE_MS - 1), ['away']);
    t.deepEqual(statuses(observer, away, 1000 + GRACE_MS), ['gone']);
  },
);

test.serial('a host that is heard of again starts over', (t) => {
  const observer = new MemberAssessor();
  const away = { members: ['h1'], nominated: ['h1'] };
  t.deepEqual(statuses(observer, away, 0), ['away']);
  t.deepEqual(statuses(observer, { ...away, agents: ['h1'], volunteers: ['h1'] }, 4000), ['willing']);
  t.deepEqual(statuses(observer, away, GRACE_MS + 1000), ['away']);
});

test.serial('a member that has not started is its host by its URLs, and late after its time', (t) => {
  const observer = new MemberAssessor();
  const hosts = { members: ['h1', '?h2'], learner: '?h2', agents: ['h1', 'h2'], volunteers: ['h1', 'h2'] };
  const [, started] = observer.observe(observation(hosts), 0).state.members;
  t.is(started?.hostname, 'h2');
  t.is(started?.zone, 'h2');
  const lateAt = (now: number) => observer.observe(observation(hosts), now).state.members[1]?.isLate;
  t.false(lateAt(START_LIMIT_MS - 1));
  t.true(lateAt(START_LIMIT_MS));
});

test.serial('a nominated host that leaves or goes before its server has started keeps its member', (t) => {
  const hosts = { members: ['h1', '?h2'], learner: '?h2', agents: ['h1', 'h2'], volunteers: ['h1'] };
  const leaving = { ...hosts, nominated: ['h1', 'h2'] };
  const [, member] = new MemberAssessor().observe(observation(leaving), 0).state.members;
  t.like(member, { hostname: 'h2', status: 'leaving' });
  t.deepEqual(statuses(new MemberAssessor(), { ...leaving, agents: ['h1'] }, 0), ['willing', 'away']);
});

test.serial('a learner that has started has time anew to catch up', (t) => {
  const observer = new MemberAssessor();
  const before = { members: ['?h2'], learner: '?h2', volunteers: ['h2'] };
  observer.observe(observation(before), 0);
  const after = { members: ['h2'], learner: 'h2', volunteers: ['h2'] };
  const lateAt = (now: number) => observer.observe(observation(after), now).state.members[0]?.isLate;
  t.false(lateAt(START_LIMIT_MS));
  t.false(lateAt(START_LIMIT_MS + CATCH_UP_LIMIT_MS - 1));
  t.true(lateAt(START_LIMIT_MS + CATCH_UP_LIMIT_MS));
});
