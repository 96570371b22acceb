import test from 'ava';
import fc from 'fast-check';
import {
  type Change,
  type ClusterState,
  chooseMemberChange,
  type MemberView,
  type Volunteer,
  voterGoal,
} from '../../../agent/cluster/members/choose-member-change.js';

/** A volunteer by its name: the digits say how long ago it came up, a letter before a colon in which zone it is. */
function volunteer(text: string, isBackingOff = false): Volunteer {
  const [zone, hostname] = text.includes(':') ? text.split(':') : [undefined, text];
  const name = hostname ?? text;
  return {
    hostname: name,
    peerUrls: [`http://${name}:2380`],
    upSince: BigInt(name.slice(1)),
    zone,
    isBackingOff,
  };
}

function view(text: string, status: MemberView['status'] = 'willing', isLearner = false): MemberView {
  const { hostname, peerUrls, upSince, zone } = volunteer(text);
  const member = {
    id: hostname.slice(1),
    name: hostname,
    peerUrls: [...peerUrls],
    clientUrls: [],
    isLearner,
  };
  return { member, hostname, status, zone, upSince, isLate: false };
}

/** A learner whose server is still to start. */
function notStarted(text: string): MemberView {
  const learner = view(text, 'willing', true);
  return { ...learner, member: { ...learner.member, name: '' } };
}

interface Given {
  readonly size?: number;
  readonly members: readonly MemberView[];
  /** Beside those that have a seat and are willing. */
  readonly candidates?: readonly Volunteer[];
  readonly nominated?: readonly string[];
}

function state({ size = 5, members, candidates = [], nominated }: Given): ClusterState {
  const reliable = members
    .filter(({ status }) => status === 'willing')
    .map(({ hostname, zone }) => volunteer(zone === undefined ? `${hostname}` : `${zone}:${hostname}`));
  return {
    size,
    members,
    volunteers: [...reliable, ...candidates],
    nominated: new Set(nominated ?? members.map(({ hostname }) => hostname ?? '')),
  };
}

/** `add h2`, `remove h3 gone`, `promote h4`, `-` for nothing. */
function said(change: Change | undefined): string {
  if (change === undefined) return '-';
  if (change.kind === 'add') return `add ${change.volunteer.hostname}`;
  if (change.kind === 'remove') return `remove ${change.view.hostname} ${change.why}`;
  if (change.kind === 'unnominate') return `unnominate ${change.hostname}`;
  return `${change.kind} ${change.view.hostname}`;
}

const chosen = test.macro<[Given, string]>({
  exec: (t, given, expected) => t.is(said(chooseMemberChange(state(given))), expected),
  title: (what = '') => what,
});

test.serial('a single host is enough', chosen, { members: [view('h1')] }, '-');
test.serial(
  'a second host waits for a third, since two voters bear no loss more than one',
  chosen,
  { members: [view('h1')], candidates: [volunteer('h2')] },
  '-',
);
test.serial(
  'three hosts are three voters, the longest up first',
  chosen,
  { members: [view('h1')], candidates: [volunteer('h3'), volunteer('h2')] },
  'add h2',
);
test.serial(
  'the third follows the second',
  chosen,
  { members: [view('h1'), view('h2')], candidates: [volunteer('h3')] },
  'add h3',
);
test.serial(
  'nobody is added while a learner is on its way',
  chosen,
  { members: [view('h1'), view('h2', 'willing', true)], candidates: [volunteer('h3')] },
  'promote h2',
);
test.serial(
  'a size of four is three voters',
  chosen,
  { size: 4, members: [view('h1'), view('h2'), view('h3')], candidates: [volunteer('h4')] },
  '-',
);
test.serial(
  'of too many the last to come up goes',
  chosen,
  { size: 3, members: [view('h2'), view('h4'), view('h1'), view('h3')] },
  'remove h4 too many',
);
test.serial(
  'a host that leaves goes first, and without a spare the number becomes odd again',
  chosen,
  { members: [view('h1', 'leaving'), view('h2'), view('h3')] },
  'remove h1 leaving',
);
test.serial(
  'a host that leaves waits for no learner that may never start',
  chosen,
  { members: [view('h1'), view('h2', 'leaving'), notStarted('h3')], candidates: [volunteer('h4')] },
  'remove h2 leaving',
);
test.serial(
  'the only voter waits for the learner that is to follow it',
  chosen,
  { members: [view('h1', 'leaving'), view('h2', 'willing', true)] },
  'promote h2',
);
test.serial(
  'the only voter goes after another took over',
  chosen,
  { members: [view('h1', 'leaving')], candidates: [volunteer('h2')] },
  'add h2',
);
test.serial(
  'a host that is away keeps its view',
  chosen,
  { members: [view('h1'), view('h2'), view('h3', 'away')], candidates: [volunteer('h4')] },
  '-',
);
test.serial(
  'a host that is gone is replaced',
  chosen,
  { size: 3, members: [view('h1'), view('h2'), view('h3', 'gone')], candidates: [volunteer('h4')] },
  'remove h3 gone',
);
test.serial(
  'a host that is gone keeps its view while nobody can take it, for it may come back as itself',
  chosen,
  { members: [view('h1'), view('h2'), view('h3', 'gone')] },
  '-',
);
test.serial(
  'of five, two that are gone make room for an odd number that bears a loss',
  chosen,
  { members: [view('h1'), view('h2'), view('h3'), view('h4', 'gone'), view('h5', 'gone')] },
  'remove h4 gone',
);
test.serial(
  'a host that rests after a failed start is passed over',
  chosen,
  { members: [view('h1')], candidates: [volunteer('h2', true), volunteer('h3'), volunteer('h4')] },
  'add h3',
);
test.serial(
  'where a host that rests would be needed the number stays odd without it',
  chosen,
  { members: [view('h1'), view('h2')], candidates: [volunteer('h3', true)] },
  'remove h2 too many',
);
test.serial(
  'a learner that had its time is removed',
  chosen,
  { members: [view('h1'), { ...view('h2', 'willing', true), isLate: true }], candidates: [volunteer('h3')] },
  'remove h2 late',
);
test.serial(
  'a learner that is no longer wanted is removed',
  chosen,
  { size: 1, members: [view('h1'), view('h2', 'willing', true)], candidates: [volunteer('h3')] },
  'remove h2 unwanted',
);
test.serial(
  'a new server comes to the zone that has the fewest',
  chosen,
  {
    members: [view('a:h1'), view('b:h2')],
    candidates: [volunteer('a:h3'), volunteer('b:h4'), volunteer('c:h5')],
  },
  'add h5',
);
test.serial(
  'the most crowded zone gives one up',
  chosen,
  { size: 3, members: [view('c:h9'), view('a:h1'), view('a:h2'), view('b:h3')] },
  'remove h2 too many',
);
test.serial(
  'members that no agent of ours runs are left alone',
  chosen,
  { size: 1, members: [view('h1', 'foreign'), view('h2', 'foreign'), view('h3', 'foreign')] },
  '-',
);
test.serial(
  'with a size of 0 the servers go one by one',
  chosen,
  { size: 0, members: [view('h1'), view('h2')] },
  'remove h2 too many',
);
test.serial('with a size of 0 the last one stops', chosen, { size: 0, members: [view('h1')] }, 'drain h1');
test.serial('the last one is told once', chosen, { size: 0, members: [view('h1')], nominated: [] }, '-');
test.serial(
  'a view without a nomination gets it back',
  chosen,
  { members: [view('h1')], nominated: [] },
  'nominate h1',
);
test.serial(
  'a nomination without a view goes',
  chosen,
  { members: [view('h1')], nominated: ['h1', 'h2'] },
  'unnominate h2',
);

const names = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7'];
const aScene = fc
  .record({
    size: fc.integer({ min: 0, max: 7 }),
    roles: fc.array(
      fc.constantFrom('willing', 'leaving', 'away', 'gone', 'foreign', 'spare', 'isBackingOff', 'absent'),
      { minLength: 7, maxLength: 7 },
    ),
    zones: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 7, maxLength: 7 }),
  })
  .map(({ size, roles, zones }): ClusterState => {
    const hosts = names.map((name, index) => ({ text: `${zones[index]}:${name}`, role: roles[index] }));
    const statuses = ['willing', 'leaving', 'away', 'gone', 'foreign'] as const;
    return state({
      size,
      members: hosts.flatMap(({ text, role }) => {
        const status = statuses.find((one) => one === role);
        return status === undefined ? [] : [view(text, status)];
      }),
      candidates: hosts.flatMap(({ text, role }) =>
        role === 'spare' || role === 'isBackingOff' ? [volunteer(text, role === 'isBackingOff')] : [],
      ),
    });
  })
  .filter(({ members }) => members.length > 0);

/** The scene after the change went well. */
function after(before: ClusterState, change: Change): ClusterState {
  const reliable = new Set(before.nominated);
  switch (change.kind) {
    case 'add': {
      const { hostname, zone } = change.volunteer;
      const added = view(zone === undefined ? hostname : `${zone}:${hostname}`);
      return { ...before, members: [...before.members, added], nominated: reliable.add(hostname) };
    }
    case 'remove':
      return { ...before, members: before.members.filter((one) => one !== change.view) };
    case 'unnominate':
    case 'drain': {
      reliable.delete(change.kind === 'drain' ? (change.view.hostname ?? '') : change.hostname);
      return { ...before, nominated: reliable };
    }
    default:
      return { ...before, nominated: reliable.add(change.view.hostname ?? '') };
  }
}

test.serial(
  'whatever the start, the changes come to an end, and leave the voters that were aimed at',
  (t) => {
    fc.assert(
      fc.property(aScene, (start) => {
        let now = start;
        for (let steps = 0; ; steps += 1) {
          const change = chooseMemberChange(now);
          if (change === undefined) break;
          if (steps > 30) throw new Error(`no end: ${said(change)}`);
          now = after(now, change);
          if (now.members.length === 0) throw new Error('nobody is left');
        }
        const ours = now.members.filter(({ status }) => status !== 'leaving' && status !== 'foreign');
        const foreign = now.members.filter(({ status }) => status === 'foreign').length;
        const { voters } = voterGoal(now);
        if (
          foreign === 0 &&
          ours.length > 0 &&
          ours.length !== voters &&
          ours.some(({ status }) => status !== 'gone')
        )
          throw new Error(`${ours.length} voters instead of ${voters}`);
      }),
      { numRuns: 2000 },
    );
    t.pass();
  },
);

test.serial('no step leaves less than half of the voters alive that were', (t) => {
  const alive = ({ members }: ClusterState) => members.filter(({ status }) => status !== 'gone').length;
  fc.assert(
    fc.property(aScene, (before) => {
      const change = chooseMemberChange(before);
      if (change?.kind !== 'remove' || alive(before) * 2 <= before.members.length) return;
      const now = after(before, change);
      if (alive(now) * 2 <= now.members.length) throw new Error(`${said(change)} loses the majority`);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
