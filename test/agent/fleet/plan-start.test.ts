import test from 'ava';
import { planStart, type StartFacts } from '../../../agent/cluster/start/plan-start.js';
import { AgentError } from '../../../agent/errors.js';

const fresh: StartFacts = {
  hostname: 'h1',
  prefix: '/var/lib/hawser',
  hasData: false,
  seeds: [],
  connectsThroughSsh: false,
  remembered: [],
  fleet: undefined,
  newCluster: false,
};
const seeds = ['http://10.0.0.2:2379'];

const refuses = test.macro({
  exec(t, change: Partial<StartFacts>, says: RegExp) {
    const error = t.throws(() => planStart({ ...fresh, ...change }), { instanceOf: AgentError });
    t.is(error?.code, 'no-fleet');
    t.regex(error?.message ?? '', says);
  },
  title: (what = '') => `${what} is refused`,
});

test.serial('a host without data and seeds', refuses, {}, /--seeds .*--new-cluster on the very first host/);
test(
  'a host whose prefix belongs to a fleet, told to make a new cluster',
  refuses,
  {
    newCluster: true,
    fleet: 'fleet 1',
  },
  /belongs to fleet 1, so it does not create a new cluster: pass --seeds .*remove \/var\/lib\/hawser/,
);

test.serial('a new cluster is made only by a host that was told to and has nothing else to go by', (t) => {
  const founds = [true, false]
    .flatMap((newCluster) =>
      [true, false].flatMap((hasData) =>
        [[], seeds].flatMap((given) =>
          [[], seeds].flatMap((remembered) =>
            [undefined, 'fleet 1'].flatMap((fleet) =>
              [true, false].map((connectsThroughSsh) => ({
                ...fresh,
                ...{ newCluster, hasData, seeds: given, remembered, fleet, connectsThroughSsh },
              })),
            ),
          ),
        ),
      ),
    )
    .filter((facts) => kindOf(facts) === 'found');
  t.deepEqual(founds, [{ ...fresh, newCluster: true }]);
});

test.serial(
  'data wins over seeds, seeds over what the prefix remembers, and that over the wish for a new cluster',
  (t) => {
    const everything = {
      ...fresh,
      hasData: true,
      seeds,
      remembered: ['http://a:1'],
      fleet: 'f',
      newCluster: true,
    };
    t.deepEqual(planStart(everything), { kind: 'restart' });
    t.like(planStart({ ...everything, hasData: false }), { kind: 'join', seeds });
    t.like(planStart({ ...everything, hasData: false, seeds: [] }), { kind: 'join', seeds: ['http://a:1'] });
    t.deepEqual(planStart({ ...fresh, seeds }), { kind: 'join', seeds });
  },
);

function kindOf(facts: StartFacts): string {
  try {
    return planStart(facts).kind;
  } catch {
    return 'refused';
  }
}
