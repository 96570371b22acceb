import test from 'ava';
import fc from 'fast-check';
import type { Deployment } from '../../../../world/deploys/deploy-payload.js';
import { orderOf } from '../../../../world/deploys/rollout/rollout-order.js';
import { type Happening, RolloutModel } from './rollout-model.js';
import { deploymentOf, MIGRATE, manifestOf } from './situations.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

const rollouts = fc.record(
  {
    batch: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom('1%', '34%', '50%', '100%')),
    canary: fc.integer({ min: 1, max: 3 }),
    pauseMs: fc.constantFrom(1, 30_000),
    maxFailures: fc.integer({ min: 0, max: 3 }),
    timeoutMs: fc.constantFrom(20_000, 600_000),
    onFailure: fc.constantFrom('rollback' as const, 'pause' as const, 'continue' as const),
  },
  { requiredKeys: [] },
);

const deployments: fc.Arbitrary<Deployment> = fc
  .record({
    hosts: fc.integer({ min: 1, max: NAMES.length }).map((count) => NAMES.slice(0, count)),
    away: fc.subarray(NAMES),
    allowMissing: fc.boolean(),
    rollout: rollouts,
    hasOnce: fc.boolean(),
  })
  .map(({ hosts, away, allowMissing, rollout, hasOnce }) =>
    deploymentOf(hosts, {
      ...{ allowMissing, away: away.filter((name) => hosts.includes(name)) },
      manifest: manifestOf(rollout, hasOnce ? MIGRATE : undefined),
    }),
  );

const host = fc.nat({ max: NAMES.length - 1 });
const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('step' as const),
        host,
        isGood: fc.integer({ min: 0, max: 19 }).map((dice) => dice > 0),
      }),
    },
    { weight: 8, arbitrary: fc.constant({ kind: 'decide' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('die' as const, 'return' as const), host }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(10, 5_000, 30_000) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'other' as const }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('abort' as const, 'resume' as const, 'resume' as const) }),
    },
  ),
  { maxLength: 150, size: 'max' },
);

/** It is there, and has not ended. */
function isBusy({ isAlive, told }: RolloutModel['hosts'][number]): boolean {
  return isAlive && !/^(healthy|failed|rolled-back)/.test(told ?? '');
}

/** Fails for what must never be, after each thing that happens. */
class Referee {
  readonly #model: RolloutModel;
  #busyBefore = 0;
  #admittedBefore: readonly string[] = [];
  #recordsBefore = 0;

  constructor(model: RolloutModel) {
    this.#model = model;
  }

  look(): void {
    const { record, records } = this.#model;
    if (records.length > this.#recordsBefore && record !== undefined) this.#lookAtRecord();
    this.#recordsBefore = records.length;
    this.#admittedBefore = this.#model.admitted.map(({ name }) => name);
    this.#busyBefore = this.#model.admitted.filter(isBusy).length;
    this.#lookAtOnce();
  }

  #lookAtRecord(): void {
    const { record, admitted, records, deployment } = this.#model;
    const before = records.at(-2);
    if (before?.phase === 'done') throw new Error(`a second verdict: ${record?.verdict}`);
    if ((before?.admitted ?? 0) > (record?.admitted ?? 0)) throw new Error('an admission was taken back');
    const added = admitted.filter(({ name }) => !this.#admittedBefore.includes(name));
    const order = orderOf(deployment);
    if (order !== undefined && added.length > 0) {
      const hasStopped = before !== undefined && before.phase !== 'running';
      if (hasStopped || record?.phase === 'going-back' || record?.phase === 'paused')
        throw new Error('an admission after a stop');
      if (record?.phase === 'running' && this.#busyBefore > 0)
        throw new Error('an admission beside a batch in progress');
      if (record?.phase === 'running' && added.filter(isBusy).length > Math.max(order.batch, order.canary))
        throw new Error('a batch that is too large');
    }
    if (record?.phase === 'done') this.#lookAtVerdict();
  }

  #lookAtVerdict(): void {
    const { record, hosts, deployment } = this.#model;
    const { maxFailures = 0 } = deployment.manifest.rollout ?? {};
    const healthy = hosts.filter(({ told }) => told === 'healthy').length;
    const missing = hosts.filter(
      ({ isAlive, told }) => !isAlive && told !== 'healthy' && !/^(failed|applying$)/.test(told ?? ''),
    );
    const unwell = hosts.length - healthy - (deployment.allowMissing === true ? missing.length : 0);
    const isWell = unwell <= maxFailures && healthy > 0;
    if (record?.verdict === 'healthy' && !isWell) throw new Error('healthy, and hosts are not');
    if (record?.verdict === 'failed' && record.goingBackTo === undefined && isWell)
      throw new Error('failed, and hosts are well');
    const stuck = hosts.filter(({ isAlive, hasSwitched }) => isAlive && hasSwitched);
    if (record?.verdict === 'rolled-back' && stuck.length > 0)
      throw new Error('rolled back, and a host is not');
    if (record?.verdict === 'stopped' && stuck.length > 0) throw new Error('stopped, and a host is not');
  }

  #lookAtOnce(): void {
    const { deployment, ranOnce, switched, records, hosts } = this.#model;
    if (deployment.manifest.hooks?.once === undefined) return;
    const resumes = records.filter(
      ({ phase }, index) => phase === 'running' && records[index - 1]?.phase === 'paused',
    );
    if (new Set(ranOnce).size > 1 + resumes.length) throw new Error('two hosts ran the hook once');
    if (switched.length > 0 && ranOnce.length === 0) throw new Error('a host switched before the hook once');
    if (switched.length > 0 && hosts.some(({ isAlive, told }) => isAlive && told === 'applying/once'))
      throw new Error('a host switched during the hook once');
  }
}

/** From here on everybody does what is to be done, until nothing is left. */
function finish(model: RolloutModel, go: (happening: Happening) => void): void {
  for (let round = 0; !model.isOver; round += 1) {
    if (round > 500) throw new Error('it does not end');
    for (const index of model.hosts.keys()) go({ kind: 'step', host: index, isGood: true });
    go({ kind: 'decide' });
    const until = model.untilMs;
    if (until === undefined && !model.isOver) throw new Error('nobody looks again');
    // Only now and then, so that what waits for hosts does not wait for the time.
    if (until !== undefined && until > model.nowMs && round % 8 === 7)
      go({ kind: 'time', ms: until - model.nowMs });
  }
}

test('a rollout keeps to its order, stops when it must, and ends in one true verdict', (t) => {
  const verdicts = new Set<string>();
  const property = fc.property(deployments, happenings, (deployment, happened) => {
    const model = new RolloutModel(deployment);
    const referee = new Referee(model);
    const go = (happening: Happening): void => {
      model.apply(happening);
      referee.look();
    };
    for (const happening of happened) go(happening);
    finish(model, go);
    verdicts.add(model.record?.verdict ?? 'none');
  });
  fc.assert(property, { numRuns: 3_000, includeErrorInReport: true });
  // All of them were met, so the rules above were put to the test.
  t.deepEqual([...verdicts].sort(), ['failed', 'healthy', 'paused', 'rolled-back', 'stopped']);
});
