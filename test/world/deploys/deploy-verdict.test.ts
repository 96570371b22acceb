import test from 'ava';
import { deployVerdict, type Report, type ReportState, type Verdict } from '../../../world/index.js';

function reports(states: Readonly<Record<string, ReportState>>): Map<string, Report> {
  return new Map(
    Object.entries(states).map(([hostname, state]) => [
      hostname,
      { hostname, state, message: `${hostname} is ${state}`, at: '2026-01-01T00:00:00Z', current: 1 },
    ]),
  );
}

interface Case {
  readonly hosts: readonly string[];
  readonly states: Readonly<Record<string, ReportState>>;
  readonly live: readonly string[];
  readonly away?: readonly string[];
  readonly allowMissing?: boolean;
}

const judges = test.macro({
  exec: (
    t,
    _: string,
    { hosts, states, live, away = [], allowMissing = false }: Case,
    verdict: Verdict,
    ...expected: string[]
  ) => {
    const judgement = deployVerdict({
      hosts,
      reports: reports(states),
      agents: new Set(live),
      away: new Set(away),
      allowMissing,
    });
    t.is(judgement.verdict, verdict);
    t.deepEqual(
      [...judgement.hosts.values()].map((host) => host.state),
      expected,
    );
  },
  title: (_, title: string) => title,
});

const both = ['a', 'b'];

test.serial(
  judges,
  'a deploy that nobody is to apply is healthy',
  { hosts: [], states: {}, live: [] },
  'healthy',
);
test.serial(
  judges,
  'a deploy is healthy when every host is healthy or skipped it',
  { hosts: both, states: { a: 'healthy', b: 'skipped' }, live: both },
  'healthy',
  'healthy',
  'skipped',
);
test.serial(
  judges,
  'a deploy is pending while a host that lives has not finished',
  { hosts: both, states: { a: 'healthy', b: 'applying' }, live: both },
  'pending',
  'healthy',
  'applying',
);
test.serial(
  judges,
  'a deploy is pending while a host that lives has said nothing',
  { hosts: both, states: { a: 'failed' }, live: both },
  'pending',
  'failed',
  'waiting',
);
test.serial(
  judges,
  'a deploy failed when every host has finished and one failed',
  { hosts: both, states: { a: 'failed', b: 'healthy' }, live: both },
  'failed',
  'failed',
  'healthy',
);
test.serial(
  judges,
  'a host whose agent is gone without a final report is lost',
  { hosts: both, states: { a: 'healthy', b: 'applying' }, live: ['a'] },
  'failed',
  'healthy',
  'lost',
);
test.serial(
  judges,
  'a host that never said anything and is gone is lost',
  { hosts: ['a'], states: {}, live: [] },
  'failed',
  'lost',
);
test.serial(
  judges,
  'a host that was dead already when the deploy was made is missing',
  { hosts: both, states: { a: 'healthy' }, live: ['a'], away: ['b'] },
  'failed',
  'healthy',
  'missing',
);
test.serial(
  judges,
  'a host that was dead when the deploy was made and is back is waited for',
  { hosts: both, states: { a: 'healthy' }, live: both, away: ['b'] },
  'pending',
  'healthy',
  'waiting',
);
test.serial(
  judges,
  'a host that is missing is told, and no failure, where that is allowed',
  { hosts: both, states: { a: 'healthy' }, live: ['a'], allowMissing: true },
  'healthy',
  'healthy',
  'missing',
);
test.serial(
  judges,
  'a host that went in the middle is a failure wherever a missing one is allowed',
  { hosts: both, states: { a: 'healthy', b: 'applying' }, live: ['a'], allowMissing: true },
  'failed',
  'healthy',
  'lost',
);
test.serial(
  judges,
  'a host that finished may go',
  { hosts: ['a'], states: { a: 'healthy' }, live: [] },
  'healthy',
  'healthy',
);
test.serial(
  judges,
  'hosts that are not expected do not count',
  { hosts: ['a'], states: { a: 'healthy', z: 'failed' }, live: ['z'] },
  'healthy',
  'healthy',
);

test.serial('a lost host is told with its last words', (t) => {
  const { hosts } = deployVerdict({ hosts: ['a'], reports: reports({ a: 'fetching' }), agents: new Set() });
  t.regex(hosts.get('a')?.message ?? '', /session ended.*a is fetching/);
});
