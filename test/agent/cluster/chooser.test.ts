import test from 'ava';
import fc from 'fast-check';
import {
  type Change,
  type ClusterState,
  type MemberView,
  nextChange,
  target,
  type Volunteer,
} from '../../../agent/cluster/members/chooser.js';

/** A volunteer by its name: the digits say how long ago it came up, a letter before a colon in which zone it is. */
function volunteer(text: string, resting = false): Volunteer {
  const [zone, hostname] = text.includes(':') ? text.split(':') : [undefined, text];
  const name = hostname ?? text;
  return { hostname: name, peerUrls: [`http://${name}:2380`], upSince: BigInt(name.slice(1)), zone, resting };
}

function seat(text: string, standing: MemberView['standing'] = 'willing', isLearner = false): MemberView {
  const { hostname, peerUrls, upSince, zone } = volunteer(text);
  const member = {
    id: hostname.slice(1),
    name: hostname,
    peerUrls: [...peerUrls],
    clientUrls: [],
    isLearner,
  };
  return { member, hostname, standing, zone, upSince, late: false };
}

/** A learner whose server is still to start. */
function notStarted(text: string): MemberView {
  const learner = seat(text, 'willing', true);
  return { ...learner, member: { ...learner.member, name: '' } };
}

interface Given {
  readonly size?: number;
  readonly seats: readonly MemberView[];
  /** Beside those that have a seat and are willing. */
  readonly spares?: readonly Volunteer[];
  readonly nominated?: readonly string[];
}

function scene({ size = 5, seats, spares = [], nominated }: Given): ClusterState {
  const seated = seats
    .filter(({ standing }) => standing === 'willing')
    .map(({ hostname, zone }) => volunteer(zone === undefined ? `${hostname}` : `${zone}:${hostname}`));
  return {
    size,
    seats,
    volunteers: [...seated, ...spares],
    nominated: new Set(nominated ?? seats.map(({ hostname }) => hostname ?? '')),
  };
}

/** `add h2`, `remove h3 gone`, `promote h4`, `-` for nothing. */
function said(change: Change | undefined): string {
  if (change === undefined) return '-';
  if (change.kind === 'add') return `add ${change.volunteer.hostname}`;
  if (change.kind === 'remove') return `remove ${change.seat.hostname} ${change.why}`;
  if (change.kind === 'unnominate') return `unnominate ${change.hostname}`;
  return `${change.kind} ${change.seat.hostname}`;
}

const chosen = test.macro<[Given, string]>({
  exec: (t, given, expected) => t.is(said(nextChange(scene(given))), expected),
  title: (what = '') => what,
});

test.serial('a single host is enough', chosen, { seats: [seat('h1')] }, '-');
test.serial(
  'a second host waits for a third, since two voters bear no loss more than one',
  chosen,
  { seats: [seat('h1')], spares: [volunteer('h2')] },
  '-',
);
test.serial(
  'three hosts are three voters, the longest up first',
  chosen,
  { seats: [seat('h1')], spares: [volunteer('h3'), volunteer('h2')] },
  'add h2',
);
test.serial(
  'the third follows the second',
  chosen,
  { seats: [seat('h1'), seat('h2')], spares: [volunteer('h3')] },
  'add h3',
);
test.serial(
  'nobody is added while a learner is on its way',
  chosen,
  { seats: [seat('h1'), seat('h2', 'willing', true)], spares: [volunteer('h3')] },
  'promote h2',
);
test.serial(
  'a size of four is three voters',
  chosen,
  { size: 4, seats: [seat('h1'), seat('h2'), seat('h3')], spares: [volunteer('h4')] },
  '-',
);
test.serial(
  'of too many the last to come up goes',
  chosen,
  { size: 3, seats: [seat('h2'), seat('h4'), seat('h1'), seat('h3')] },
  'remove h4 too many',
);
test.serial(
  'a host that leaves goes first, and without a spare the number becomes odd again',
  chosen,
  { seats: [seat('h1', 'leaving'), seat('h2'), seat('h3')] },
  'remove h1 leaving',
);
test.serial(
  'a host that leaves waits for no learner that may never start',
  chosen,
  { seats: [seat('h1'), seat('h2', 'leaving'), notStarted('h3')], spares: [volunteer('h4')] },
  'remove h2 leaving',
);
test.serial(
  'the only voter waits for the learner that is to follow it',
  chosen,
  { seats: [seat('h1', 'leaving'), seat('h2', 'willing', true)] },
  'promote h2',
);
test.serial(
  'the only voter goes after another took over',
  chosen,
  { seats: [seat('h1', 'leaving')], spares: [volunteer('h2')] },
  'add h2',
);
test.serial(
  'a host that is away keeps its seat',
  chosen,
  { seats: [seat('h1'), seat('h2'), seat('h3', 'away')], spares: [volunteer('h4')] },
  '-',
);
test.serial(
  'a host that is gone is replaced',
  chosen,
  { size: 3, seats: [seat('h1'), seat('h2'), seat('h3', 'gone')], spares: [volunteer('h4')] },
  'remove h3 gone',
);
test.serial(
  'a host that is gone keeps its seat while nobody can take it, for it may come back as itself',
  chosen,
  { seats: [seat('h1'), seat('h2'), seat('h3', 'gone')] },
  '-',
);
test.serial(
  'of five, two that are gone make room for an odd number that bears a loss',
  chosen,
  { seats: [seat('h1'), seat('h2'), seat('h3'), seat('h4', 'gone'), seat('h5', 'gone')] },
  'remove h4 gone',
);
test.serial(
  'a host that rests after a failed start is passed over',
  chosen,
  { seats: [seat('h1')], spares: [volunteer('h2', true), volunteer('h3'), volunteer('h4')] },
  'add h3',
);
test.serial(
  'where a host that rests would be needed the number stays odd without it',
  chosen,
  { seats: [seat('h1'), seat('h2')], spares: [volunteer('h3', true)] },
  'remove h2 too many',
);
test.serial(
  'a learner that had its time is removed',
  chosen,
  { seats: [seat('h1'), { ...seat('h2', 'willing', true), late: true }], spares: [volunteer('h3')] },
  'remove h2 late',
);
test.serial(
  'a learner that is no longer wanted is removed',
  chosen,
  { size: 1, seats: [seat('h1'), seat('h2', 'willing', true)], spares: [volunteer('h3')] },
  'remove h2 unwanted',
);
test.serial(
  'a new server comes to the zone that has the fewest',
  chosen,
  {
    seats: [seat('a:h1'), seat('b:h2')],
    spares: [volunteer('a:h3'), volunteer('b:h4'), volunteer('c:h5')],
  },
  'add h5',
);
test.serial(
  'the most crowded zone gives one up',
  chosen,
  { size: 3, seats: [seat('c:h9'), seat('a:h1'), seat('a:h2'), seat('b:h3')] },
  'remove h2 too many',
);
test.serial(
  'members that no agent of ours runs are left alone',
  chosen,
  { size: 1, seats: [seat('h1', 'foreign'), seat('h2', 'foreign'), seat('h3', 'foreign')] },
  '-',
);
test.serial(
  'with a size of 0 the servers go one by one',
  chosen,
  { size: 0, seats: [seat('h1'), seat('h2')] },
  'remove h2 too many',
);
test.serial('with a size of 0 the last one stops', chosen, { size: 0, seats: [seat('h1')] }, 'drain h1');
test.serial('the last one is told once', chosen, { size: 0, seats: [seat('h1')], nominated: [] }, '-');
test.serial(
  'a seat without a nomination gets it back',
  chosen,
  { seats: [seat('h1')], nominated: [] },
  'nominate h1',
);
test.serial(
  'a nomination without a seat goes',
  chosen,
  { seats: [seat('h1')], nominated: ['h1', 'h2'] },
  'unnominate h2',
);

const names = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7'];
const aScene = fc
  .record({
    size: fc.integer({ min: 0, max: 7 }),
    roles: fc.array(
      fc.constantFrom('willing', 'leaving', 'away', 'gone', 'foreign', 'spare', 'resting', 'absent'),
      { minLength: 7, maxLength: 7 },
    ),
    zones: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 7, maxLength: 7 }),
  })
  .map(({ size, roles, zones }): ClusterState => {
    const hosts = names.map((name, index) => ({ text: `${zones[index]}:${name}`, role: roles[index] }));
    const standings = ['willing', 'leaving', 'away', 'gone', 'foreign'] as const;
    return scene({
      size,
      seats: hosts.flatMap(({ text, role }) => {
        const standing = standings.find((one) => one === role);
        return standing === undefined ? [] : [seat(text, standing)];
      }),
      spares: hosts.flatMap(({ text, role }) =>
        role === 'spare' || role === 'resting' ? [volunteer(text, role === 'resting')] : [],
      ),
    });
  })
  .filter(({ seats }) => seats.length > 0);

/** The scene after the change went well. */
function after(before: ClusterState, change: Change): ClusterState {
  const seated = new Set(before.nominated);
  switch (change.kind) {
    case 'add': {
      const { hostname, zone } = change.volunteer;
      const added = seat(zone === undefined ? hostname : `${zone}:${hostname}`);
      return { ...before, seats: [...before.seats, added], nominated: seated.add(hostname) };
    }
    case 'remove':
      return { ...before, seats: before.seats.filter((one) => one !== change.seat) };
    case 'unnominate':
    case 'drain': {
      seated.delete(change.kind === 'drain' ? (change.seat.hostname ?? '') : change.hostname);
      return { ...before, nominated: seated };
    }
    default:
      return { ...before, nominated: seated.add(change.seat.hostname ?? '') };
  }
}

test.serial(
  'whatever the start, the changes come to an end, and leave the voters that were aimed at',
  (t) => {
    fc.assert(
      fc.property(aScene, (start) => {
        let now = start;
        for (let steps = 0; ; steps += 1) {
          const change = nextChange(now);
          if (change === undefined) break;
          if (steps > 30) throw new Error(`no end: ${said(change)}`);
          now = after(now, change);
          if (now.seats.length === 0) throw new Error('nobody is left');
        }
        const ours = now.seats.filter(({ standing }) => standing !== 'leaving' && standing !== 'foreign');
        const foreign = now.seats.filter(({ standing }) => standing === 'foreign').length;
        const { voters } = target(now);
        if (
          foreign === 0 &&
          ours.length > 0 &&
          ours.length !== voters &&
          ours.some(({ standing }) => standing !== 'gone')
        )
          throw new Error(`${ours.length} voters instead of ${voters}`);
      }),
      { numRuns: 2000 },
    );
    t.pass();
  },
);

test.serial('no step leaves less than half of the voters alive that were', (t) => {
  const alive = ({ seats }: ClusterState) => seats.filter(({ standing }) => standing !== 'gone').length;
  fc.assert(
    fc.property(aScene, (before) => {
      const change = nextChange(before);
      if (change?.kind !== 'remove' || alive(before) * 2 <= before.seats.length) return;
      const now = after(before, change);
      if (alive(now) * 2 <= now.seats.length) throw new Error(`${said(change)} loses the majority`);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
