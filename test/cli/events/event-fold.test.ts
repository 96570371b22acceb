import test from 'ava';
import { describeChange } from '../../../cli/events/describe-change.js';
import { EventFold } from '../../../cli/events/event-fold.js';
import { EVENT_TYPES, type Happened, type Happening } from '../../../cli/events/fleet-event.js';
import { KeptFleet, type SeenCluster } from '../../../cli/events/kept-fleet.js';
import { selectEvents } from '../../../cli/events/select-events.js';
import { eventOutput } from '../../../cli/json-output/event-output.js';
import type { WatchEvent } from '../../../world/client/watch/watch-item.js';

const at = '2026-01-01T00:00:00Z';
const agent = { hostname: 'web1', instance: 'i', version: '1.0.0', startedAt: at, pid: 1 };
const known = { hostname: 'web1', since: at, version: '1.0.0', labels: { role: 'web' } };
const rollout = { app: 'shop', phase: 'running', admitted: 0, since: at };
const origin = { user: 'ann', machine: 'laptop' };
const deployment = {
  ...{ hawser: 1, name: 'shop', message: 'new prices', author: 'Ann', origin, createdAt: at },
  ...{ tree: 'a'.repeat(64), noop: false, hosts: ['web1'], manifest: { name: 'shop' } },
};
const process = { state: 'running', restarts: 0, since: at };
const running = (deploy: number, fields: object = {}) => ({
  at,
  apps: { shop: { deploy, tree: 't', since: at, processes: { main: { ...process, ...fields } } } },
});

/** Key, value before and after, and what is told. */
const TOLD: readonly (readonly [string, unknown, unknown, readonly object[]])[] = [
  ['/agents/web1', undefined, agent, [{ type: 'host-alive', host: 'web1', version: '1.0.0' }]],
  ['/agents/web1', agent, agent, []],
  [
    '/agents/web1',
    agent,
    { ...agent, startedAt: 'later', version: '2' },
    [{ type: 'host-alive', version: '2' }],
  ],
  ['/agents/web1', agent, undefined, [{ type: 'host-gone', host: 'web1' }]],
  ['/agents/a/b', undefined, agent, []],
  ['/agents/web1', undefined, 'of another program', []],
  ['/hawser/hosts/web1', undefined, known, [{ type: 'host-joined', host: 'web1', labels: { role: 'web' } }]],
  ['/hawser/hosts/web1', known, { ...known, version: '2' }, []],
  ['/hawser/hosts/web1', known, undefined, [{ type: 'host-left', host: 'web1' }]],
  [
    '/hawser/running/web1',
    undefined,
    running(3),
    [{ type: 'app-state', app: 'shop', deploy: 3, state: 'well' }],
  ],
  ['/hawser/running/web1', running(3), running(3, { restarts: 1 }), []],
  ['/hawser/running/web1', running(3), running(3, { health: 'failing' }), [{ state: 'unwell', deploy: 3 }]],
  ['/hawser/running/web1', running(3), running(4), [{ state: 'well', deploy: 4 }]],
  ['/hawser/running/web1', running(3), { at, apps: {} }, [{ state: 'removed', deploy: 3 }]],
  [
    '/deploy/3/payload',
    undefined,
    deployment,
    [{ type: 'deploy-recorded', deploy: 3, by: 'ann@laptop', action: 'deploy' }],
  ],
  ['/deploy/3/payload', undefined, { ...deployment, rollbackOf: 2 }, [{ action: 'rollback' }]],
  ['/deploy/3/payload', undefined, 'of mgmt', [{ type: 'deploy-recorded', app: '', action: 'unknown' }]],
  ['/deploy/3/payload', deployment, undefined, []],
  ['/deploy/3/hash', undefined, 'abc', []],
  ['/hawser/deploys/rollouts/3', undefined, rollout, []],
  [
    '/hawser/deploys/rollouts/3',
    rollout,
    { ...rollout, phase: 'done', verdict: 'healthy' },
    [{ type: 'deploy-verdict', deploy: 3, app: 'shop', verdict: 'healthy' }],
  ],
  [
    '/hawser/deploys/rollouts/3',
    { ...rollout, phase: 'paused', verdict: 'paused' },
    { ...rollout, by: 'ann' },
    [{ type: 'deploy-phase', phase: 'running', by: 'ann' }],
  ],
  ['/hawser/deploys/rollouts/3', rollout, { ...rollout, phase: 'going-back' }, [{ phase: 'going-back' }]],
  ['/hawser/deploys/rollouts/3', rollout, { ...rollout, admitted: 1 }, []],
  ['/strings/motd', undefined, 'hello', []],
];

function stored(value: unknown): Buffer | undefined {
  if (value === undefined) return undefined;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

test('a changed key is told as what it means', (t) => {
  for (const [key, before, after, told] of TOLD) {
    const what = `${key}: ${JSON.stringify(after)}`;
    const found = describeChange({ key, before: stored(before), after: stored(after) });
    t.is(found.length, told.length, what);
    for (const [index, event] of told.entries()) t.like(found[index], event, what);
    for (const event of found)
      t.true(eventOutput.safeParse({ revision: 1, time: at, ...event }).success, what);
  }
});

test('every type of event is described, and can be asked for', (t) => {
  const described = eventOutput.options.map(({ shape }) => shape.type.value);
  t.deepEqual([...EVENT_TYPES].sort(), described.sort());
});

let revision = 10n;

function put(key: string, value: unknown): WatchEvent {
  revision += 1n;
  const entry = { createRevision: revision, modRevision: revision, version: 1n, lease: '0' };
  const type = value === undefined ? 'delete' : 'put';
  return { type, entry: { key, value: stored(value) ?? Buffer.alloc(0), ...entry } };
}

const member = (name: string, id = name, isLearner = false) => ({
  ...{ id, name, isLearner, peerUrls: [`http://${name}:2380`], clientUrls: [] },
});
const cluster = { leader: 'web1', dbSizeBytes: 1, dbSizeInUseBytes: 1, alarms: [] };
const seenWith = (...members: SeenCluster['members']): SeenCluster => ({ members, cluster, volunteers: [] });

const typesOf = (happened: readonly Happened[]) =>
  happened.flatMap(({ happenings }) => happenings.map(({ type }) => type));

test('what changed in one transaction is told with its revision, and what was told is not told again', (t) => {
  const fold = new EventFold({ fleet: new KeptFleet(), revision: 10n, seen: seenWith() });
  revision = 10n;
  const events = [put('/agents/web1', agent), put('/strings/x', 'y'), put('/hawser/hosts/web1', known)];
  const told = fold.write(events);
  t.deepEqual(
    told.map(({ revision: at, happenings }) => [at, happenings.map(({ type }) => type)]),
    [
      [11n, ['host-alive']],
      [13n, ['host-joined']],
    ],
  );
  t.deepEqual(fold.write(events), []);
  t.is(fold.revision, 13n);
  fold.write([put('/hawser/hosts/web1', undefined)]);
  t.deepEqual(fold.labelsOf('web1'), { role: 'web' }, 'of a host that is gone, those that it had last');
});

test('members, alarms and silence are told once each', (t) => {
  const fold = new EventFold({ fleet: new KeptFleet(), revision: 10n, seen: seenWith(member('web1')) });
  t.deepEqual(typesOf(fold.see(seenWith(member('web1')))), []);
  t.deepEqual(typesOf(fold.see(seenWith(member('web1'), member('', '2', true)))), []);
  t.deepEqual(typesOf(fold.see(seenWith(member('web1'), member('web2', '2', true)))), ['member-added']);
  t.deepEqual(typesOf(fold.see(seenWith(member('web1'), member('web2', '2')))), ['member-promoted']);
  t.deepEqual(typesOf(fold.miss()), ['disconnected']);
  t.deepEqual(typesOf(fold.miss()), []);
  const full = {
    ...seenWith(member('web1')),
    cluster: { ...cluster, alarms: [{ member: 'web1', kind: 'Nospace' }] },
  };
  t.deepEqual(typesOf(fold.see(full as SeenCluster)), ['connected', 'member-removed', 'problem-appeared']);
  t.deepEqual(typesOf(fold.see(seenWith(member('web1')))), ['problem-ended']);
});

test('the cluster as it is now is not laid over a fleet of the past', (t) => {
  const fleet = new KeptFleet();
  const fold = new EventFold({ fleet, revision: 10n, pastUpTo: 12n });
  const now = seenWith(member('web1'), member('web2'), member('web3'));
  t.deepEqual(fold.see(now), [], 'web1 was not there yet: no member is missing');
  revision = 10n;
  t.deepEqual(typesOf(fold.write([put('/agents/web1', agent)])), ['host-alive']);
  const caughtUp = fold.write([put('/agents/web2', { ...agent, hostname: 'web2' })]);
  t.deepEqual(typesOf(caughtUp), ['host-alive', 'problem-appeared']);
  t.like(caughtUp[1]?.happenings[0], { code: 'few-members', host: 'web3' });
});

test('after a gap, what differs is told with the revision at which it was found', (t) => {
  const before = new KeptFleet();
  before.apply({ key: '/agents/web1', value: stored(agent) });
  before.apply({ key: '/hawser/hosts/web1', value: stored(known) });
  const fold = new EventFold({ fleet: before, revision: 10n, seen: seenWith() });
  const after = new KeptFleet();
  after.apply({ key: '/hawser/deploys/apps/shop', value: stored({ newest: 3 }) });
  after.apply({ key: '/deploy/3/payload', value: stored(deployment) });
  const told = fold.startOver(after, 90n);
  t.deepEqual(typesOf(told), ['gap', 'host-gone', 'deploy-recorded', 'host-left']);
  t.is(told[0]?.revision, 90n);
  t.is(fold.labelsOf('web1')['role'], 'web');
});

test('only the newest entry of each app is kept', (t) => {
  const fleet = new KeptFleet();
  for (const id of [3, 4]) {
    fleet.apply({ key: `/deploy/${id}/payload`, value: stored(deployment) });
    fleet.apply({ key: '/hawser/deploys/apps/shop', value: stored({ newest: id }) });
  }
  fleet.apply({ key: '/deploy/5/payload', value: stored('of mgmt') });
  t.deepEqual([...fleet.values.keys()], ['/hawser/deploys/apps/shop', '/deploy/4/payload']);
});

test('events are selected by type and host, and a gap always is', (t) => {
  const message = '';
  const gone: Happening = { type: 'host-gone', host: 'web1', message };
  const whole: Happening = { type: 'problem-appeared', code: 'no-leader', host: null, message };
  const labelsOf = () => ({ role: 'web' });
  const wants = (request: Parameters<typeof selectEvents>[0], event: Happening) =>
    selectEvents(request)(event, labelsOf);
  t.true(wants({}, gone));
  t.true(wants({ types: ['host-*'] }, gone));
  t.false(wants({ types: ['problem-*'] }, gone));
  t.false(wants({ hosts: 'web2' }, gone));
  t.true(wants({ hosts: 'role=web' }, gone));
  t.true(wants({ hosts: 'web2' }, whole));
  t.true(wants({ types: ['host-gone'] }, { type: 'gap', message }));
});
