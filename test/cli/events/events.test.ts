import { text } from 'node:stream/consumers';
import test from 'ava';
import type { FleetEvent } from '../../../cli/events/fleet-event.js';
import { etcdctl } from '../../world/helpers/etcdctl.js';
import { Link } from '../../world/helpers/link.js';
import { DirectEtcd, Following } from '../helpers/direct-etcd.js';
import { shown, startHawser } from '../helpers/hawser.js';
import { PlayedHosts } from '../helpers/played-hosts.js';

let etcd: DirectEtcd;

test.before(async () => {
  etcd = await DirectEtcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());

/** Events until one of a type, that one included. */
async function until(following: Following, wanted: (event: FleetEvent) => boolean): Promise<FleetEvent[]> {
  const events: FleetEvent[] = [];
  for (;;) {
    const event = (await following.next()) as FleetEvent;
    events.push(event);
    if (wanted(event)) return events;
  }
}

/** An event as a test expects it: type, revision, and what it is about. */
function brief(event: FleetEvent): string {
  const { type, revision } = event;
  const about = ['host', 'app', 'deploy', 'state', 'verdict', 'code', 'phase'].flatMap((name) =>
    name in event ? [String(event[name as keyof FleetEvent])] : [],
  );
  return [revision, type, ...about].join(' ');
}

async function runApp(hostname: string, deploy: number, state: 'running' | 'restarting'): Promise<void> {
  await using world = etcd.world(hostname);
  const at = '2026-01-02T03:04:05Z';
  const main = { state, restarts: 0, since: at, lastExit: 'exited (exit code 7)' };
  await world.setRunning({ at, apps: { shop: { deploy, tree: 't', since: at, processes: { main } } } });
}

const isGone = (event: FleetEvent): boolean => event.type === 'problem-appeared' && event.host === 'db1';

test.serial('what happens is told as it happens, and told again from a revision on', async (t) => {
  const following = etcd.follow(t, ['events']);
  const [watching] = await until(following, ({ type }) => type === 'watching');
  const hosts = await PlayedHosts.start(etcd, { web1: { role: 'web' }, db1: { role: 'db' } });
  await runApp('web1', 1, 'running');
  await runApp('web1', 1, 'restarting');
  await runApp('web1', 2, 'running');
  await hosts.decide(2, { app: 'shop' });
  await hosts.decide(2, { app: 'shop', phase: 'paused', verdict: 'paused', message: 'web1 failed.' });
  await hosts.decide(2, { app: 'shop', phase: 'going-back', by: 'ann' });
  await hosts.decide(2, { app: 'shop', phase: 'done', verdict: 'stopped' });
  await hosts[Symbol.asyncDispose]();
  const seen = await until(following, isGone);
  const from = watching?.revision ?? 0;
  const told = [
    ...['0 host-alive web1', '1 host-joined web1', '2 host-alive db1', '3 host-joined db1'],
    ...['4 app-state web1 shop 1 well', '5 app-state web1 shop 1 unwell'],
    ...['5 problem-appeared web1 shop app-unwell', '6 app-state web1 shop 2 well'],
    ...['6 problem-ended web1 shop app-unwell', '8 deploy-verdict shop 2 paused'],
    ...['9 deploy-phase shop 2 going-back', '10 deploy-verdict shop 2 stopped', '11 host-gone web1'],
    ...['11 problem-appeared web1 agent-gone', '12 host-gone db1', '12 problem-appeared db1 agent-gone'],
  ].map((line) => line.replace(/^\d+/, (revision) => String(from + Number(revision))));
  t.deepEqual(seen.map(brief), told);
  t.is(await following.interrupt(), 130);

  const again = await until(etcd.follow(t, ['events', '--from', String(from)]), isGone);
  t.deepEqual(again.map(brief), [`${from} watching`, ...told]);
  // The revision of a line that was seen is where to go on: it comes again, and all that follows it.
  const later = await until(etcd.follow(t, ['events', '--from', String(from + 10)]), isGone);
  t.deepEqual(later.map(brief), [`${from + 10} watching`, ...told.slice(-5)]);
  const chosen = ['--from', '1', '--types', 'host-*,problem-ended', '--hosts', 'role=db'];
  const some = await until(etcd.follow(t, ['events', ...chosen]), ({ type }) => type === 'host-gone');
  t.deepEqual(some.map(brief), [told[2], told[3], told[14]]);
  const two = await etcd.run(['events', '--json', '--limit', '2', ...chosen]);
  t.is(two.code, 0);
  const lines = two.stdout.trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => brief(JSON.parse(line))),
    [told[2], told[3]],
  );
});

test.serial('a reader that has enough ends it quietly, and a person gets plain lines', async (t) => {
  const child = startHawser(['events', '--from', '1', '--seeds', etcd.etcd.url]);
  t.teardown(() => child.kill('SIGKILL'));
  const said = child.stderr === null ? '' : text(child.stderr);
  await shown(
    child.stdout,
    /^[\dT:-]+Z {2}1 {2}Watching the fleet from revision 1 on\.\n[^\n]+Z {2}2 {2}The agent/,
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdout?.destroy();
  const hosts = await PlayedHosts.start(etcd, { web9: {} });
  await hosts[Symbol.asyncDispose]();
  t.is(await ended, 0);
  t.is(await said, '');
});

test.serial('outages are told, and changes that etcd forgot meanwhile as a gap', async (t) => {
  await using own = await DirectEtcd.start();
  await using link = await Link.to(own.etcd.port);
  const args = ['events', '--json', '--seeds', link.url, '--timeout', '300ms'];
  const following = new Following(startHawser(args));
  t.teardown(() => following.kill());
  await until(following, ({ type }) => type === 'watching');
  link.down();
  await until(following, ({ type }) => type === 'disconnected');
  const first = await PlayedHosts.start(own, { web1: {} });
  link.up();
  const seen = await until(following, ({ type }) => type === 'host-joined');
  const answers = seen.some(({ type }) => type === 'connected')
    ? []
    : await until(following, ({ type }) => type === 'connected');
  t.deepEqual(
    [...seen, ...answers].map(({ type }) => type).sort(),
    ['connected', 'host-alive', 'host-joined'],
    'nothing is missed',
  );

  link.down();
  await until(following, ({ type }) => type === 'disconnected');
  await first[Symbol.asyncDispose]();
  const second = await PlayedHosts.start(own, { web2: {} });
  await using world = own.world('director');
  const { revision } = await world.client.list('/agents/');
  await etcdctl(own.etcd, 'compact', String(revision));
  link.up();
  const after = await until(following, ({ type }) => type === 'problem-appeared');
  t.deepEqual(
    after.filter(({ type }) => type !== 'connected').map(({ type, revision: at }) => `${type} ${at}`),
    ['gap', 'host-gone', 'host-alive', 'host-joined', 'problem-appeared'].map(
      (type) => `${type} ${revision}`,
    ),
  );
  await second[Symbol.asyncDispose]();

  const forgotten = await own.run(['events', '--from', String(revision), '--json']);
  t.is(forgotten.code, 1);
  const { error } = JSON.parse(forgotten.stderr);
  t.is(error.code, 'compacted');
  t.is(error.message.match(/"--from (\d+)"/)?.[1], String(revision + 1n));
  t.is(forgotten.stdout, '');
  const early = await own.run(['events', '--from', '99999']);
  t.is(early.code, 2);
  t.regex(early.stderr, /^hawser: There is no revision 99999 yet: the newest is \d+\.\n$/);
});

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [['--types', 'host-jioned'], /no events of the type "host-jioned" \(did you mean "host-joined"\?\)/],
  [['--types', 'nothing*'], /no events of the type "nothing\*": there are watching, gap,/],
  [['--hosts', 'a,,b'], /"a,,b" is not a selection of hosts/],
  [['--from', 'now'], /argument 'now' is invalid/],
];

for (const [flags, message] of WRONG)
  test.serial(`${flags.join(' ')} is refused`, async (t) => {
    const { code, stderr } = await etcd.run(['events', ...flags]);
    t.is(code, 2);
    t.regex(stderr, message);
  });
